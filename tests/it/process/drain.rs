//! SIGTERM while there is work.

use std::{
    net::TcpStream,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    event::{group, message, ndjson},
    http::{self, Client, head},
    service::Service,
    world::{LINE, World, outcomes},
};

const CLIENTS: u32 = 6;

/// A client with a request that the service has begun to read, and waits for the rest of.
struct UnderWay {
    client: Client,
    event: Value,
    body: String,
}

impl UnderWay {
    fn begin(world: &World, service: &Service, number: u32) -> Self {
        let event = message(LINE, &group(number), number);
        let body = ndjson(std::slice::from_ref(&event));
        let headers = world.signed("application/x-ndjson", &body);
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let length = body.len().to_string();
        let more = [("content-length", length.as_str()), ("expect", "100-continue")];
        let mut client = Client::connect(service.address).unwrap();
        client.send(&head("POST", "/upstream/v1/events", &headers, &more)).unwrap();
        assert_eq!(client.answer().unwrap().status, 100, "it has been accepted");
        Self { client, event, body }
    }

    /// Sends the rest; the chat of the answer.
    fn end(mut self) -> (Value, String) {
        self.client.send(&self.body).unwrap();
        let answer = self.client.answer().expect("what was accepted is answered");
        assert_eq!(answer.status, 200, "{answer:?}");
        (self.event, outcomes(&answer)[0].1.clone())
    }
}

#[test]
fn what_was_accepted_is_answered_and_kept() {
    let world = World::new();
    let mut serve = world.program(&["serve", "--listen", "127.0.0.1:0"]);
    serve.env("CHERT_GROUPS__SERVER__OPS_LISTEN", "127.0.0.1:0");
    let mut service = Service::start(&mut serve);
    let ops = service.ops_address();
    let under_way: Vec<_> = (0..CLIENTS).map(|number| UnderWay::begin(&world, &service, number)).collect();
    service.terminate();
    let started = Instant::now();
    while TcpStream::connect(service.address).is_ok() {
        assert!(started.elapsed() < Duration::from_secs(5), "it goes on accepting");
    }
    let ready = http::get(ops, "/readyz", &[]);
    assert_eq!((ready.status, ready.code()), (503, 3002), "{ready:?}");
    assert_eq!(http::get(ops, "/healthz", &[]).status, 200);
    let answered: Vec<_> = under_way.into_iter().map(UnderWay::end).collect();
    assert_eq!(service.ended(), (vec![], Some(0)));
    assert_kept(&world, &world.serve(), answered);
}

/// What came of a client's last request.
struct Posted {
    answered: Vec<(Value, String)>,
    unanswered: Vec<Value>,
}

#[test]
fn under_load_nothing_is_taken_without_an_answer() {
    let world = World::new();
    let mut service = world.serve();
    let numbers = AtomicU32::new(0);
    let address = service.address;
    let post = || {
        let mut posted = Posted { answered: vec![], unanswered: vec![] };
        let mut client = Client::connect(address).unwrap();
        loop {
            let number = numbers.fetch_add(1, SeqCst);
            let event = message(LINE, &group(number), number);
            match world.post(&mut client, std::slice::from_ref(&event)) {
                Ok(answer) if answer.status == 200 => {
                    posted.answered.push((event, outcomes(&answer)[0].1.clone()));
                }
                Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                // The service closes connections that have no request under way; this one met that.
                Err(_) => {
                    posted.unanswered.push(event);
                    return posted;
                }
            }
        }
    };
    let posted: Vec<Posted> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(post)).collect();
        while numbers.load(SeqCst) < 200 {
            thread::yield_now();
        }
        service.terminate();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(service.ended(), (vec![], Some(0)));
    let service = world.serve();
    for Posted { answered, unanswered } in posted {
        assert!(!answered.is_empty());
        assert_kept(&world, &service, answered);
        for event in unanswered {
            assert_eq!(world.tell(&service, &[event])[0].0, "created", "taken, but not answered");
        }
    }
    world.assert_sound();
}

fn assert_kept(world: &World, service: &Service, answered: Vec<(Value, String)>) {
    let (events, chats): (Vec<_>, Vec<_>) = answered.into_iter().unzip();
    let expected = chats.into_iter().map(|chat| ("duplicate".to_owned(), chat));
    assert!(world.tell(service, &events).into_iter().eq(expected), "every answered event is known");
}

#[test]
fn ctrl_c_is_a_stop_too() {
    let world = World::new();
    let mut service = world.serve();
    service.interrupt();
    assert_eq!(service.ended(), (vec![], Some(0)));
}
