//! Relays of other systems post without a pause, while secrets change and while the service stops.

use std::{
    net::SocketAddr,
    sync::{
        RwLock,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    foreign::{Foreign, LINQ, LINQ_LINE, MAC},
    http::{Answer, Client},
    world::{World, text},
};
use crate::support::{BlueBubbles, Linq};

/// How long the old secrets stay valid.
const OVERLAP: Duration = Duration::from_secs(6);

/// A relay that posts.
#[derive(Clone, Copy, Debug)]
enum Poster {
    Mac,
    Linq,
}

const POSTERS: [Poster; 6] =
    [Poster::Mac, Poster::Linq, Poster::Mac, Poster::Linq, Poster::Mac, Poster::Linq];

impl Poster {
    /// The event with this number, in a chat of its own.
    fn event(self, number: u32) -> String {
        let (id, chat) = (format!("e{number}"), format!("any;+;chat{number}"));
        match self {
            Self::Mac => BlueBubbles::message(&id).in_chat(&chat).to_string(),
            Self::Linq => Linq::message(&id, &chat).line(LINQ_LINE).to_string(),
        }
    }

    fn posts(self, foreign: &Foreign, client: &mut Client, event: &str) -> std::io::Result<Answer> {
        match self {
            Self::Mac => foreign.mac_posts(client, event),
            Self::Linq => foreign.linq_posts(client, event),
        }
    }

    fn posts_once(self, foreign: &Foreign, service: SocketAddr, event: &str) -> Answer {
        Client::connect(service).and_then(|mut client| self.posts(foreign, &mut client, event)).unwrap()
    }
}

fn start() -> (World, Foreign) {
    let world = World::new();
    let foreign = Foreign::add_to(&world, "http://127.0.0.1:9", "password");
    (world, foreign)
}

fn rotate(world: &World) -> Foreign {
    let overlap = format!("{}s", OVERLAP.as_secs());
    let new = |relay: &str| {
        let rotated = world.run(&["relay", "rotate-secret", relay, "--overlap", &overlap, "--json"]);
        text(&rotated.json()["secret"])
    };
    Foreign { token: new(MAC), webhook_secret: new(LINQ) }
}

#[test]
fn a_rotation_refuses_nobody_within_the_overlap_and_the_old_secret_after() {
    let (world, old) = start();
    let service = world.serve();
    let (address, stop, numbers) = (service.address, AtomicBool::new(false), AtomicU32::new(0));
    let told = RwLock::new(old.clone());
    let post = |poster: Poster| {
        let mut client = Client::connect(address).unwrap();
        while !stop.load(SeqCst) {
            let event = poster.event(numbers.fetch_add(1, SeqCst));
            let secrets = told.read().unwrap().clone();
            let answer = poster.posts(&secrets, &mut client, &event).unwrap();
            assert_eq!(answer.status, 200, "{poster:?}: {answer:?}");
        }
    };
    let (new, rotated) = thread::scope(|scope| {
        let posters = POSTERS.map(|poster| scope.spawn(move || post(poster)));
        let began = Instant::now();
        let new = rotate(&world);
        let rotated = Instant::now();
        *told.write().unwrap() = new.clone();
        thread::sleep(Duration::from_secs(1));
        stop.store(true, SeqCst);
        for poster in posters {
            poster.join().unwrap();
        }
        assert!(began.elapsed() < OVERLAP, "too slow to tell anything");
        (new, rotated)
    });
    assert!(numbers.load(SeqCst) > 50, "that was no load");
    thread::sleep((OVERLAP + Duration::from_secs(1)).saturating_sub(rotated.elapsed()));
    for poster in [Poster::Mac, Poster::Linq] {
        let event = poster.event(0);
        assert_eq!(poster.posts_once(&old, address, &event).status, 401, "{poster:?}");
        assert_eq!(poster.posts_once(&new, address, &event).status, 200, "{poster:?}");
    }
    service.stop();
    world.assert_sound();
}

#[test]
fn what_was_answered_before_the_service_stopped_is_kept() {
    let (world, foreign) = start();
    let mut service = world.serve();
    let (address, numbers) = (service.address, AtomicU32::new(0));
    let post = |poster: Poster| {
        let mut client = Client::connect(address).unwrap();
        let mut answered: Vec<(String, Value)> = Vec::new();
        loop {
            let event = poster.event(numbers.fetch_add(1, SeqCst));
            match poster.posts(&foreign, &mut client, &event) {
                Ok(answer) if answer.status == 200 => answered.push((event, answer.json()["chat_id"].take())),
                Ok(answer) => assert_eq!(answer.status, 503, "{poster:?}: {answer:?}"),
                // The service closes connections that have no request under way.
                Err(_) => return (poster, answered),
            }
        }
    };
    let all = thread::scope(|scope| {
        let posters = POSTERS.map(|poster| scope.spawn(move || post(poster)));
        while numbers.load(SeqCst) < 300 {
            thread::sleep(Duration::from_millis(1));
        }
        service.terminate();
        posters.map(|poster| poster.join().unwrap())
    });
    assert_eq!(service.ended(), (vec![], Some(0)));
    let service = world.serve();
    for (poster, answered) in all {
        assert!(!answered.is_empty(), "{poster:?}");
        let mut client = Client::connect(service.address).unwrap();
        for (event, chat) in answered {
            let answer = poster.posts(&foreign, &mut client, &event).unwrap().json();
            assert_eq!(answer["chat_id"], chat, "{poster:?}");
            assert_ne!(answer["outcome"], "created", "{poster:?}");
        }
    }
    service.stop();
    world.assert_sound();
}
