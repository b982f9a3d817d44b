//! Clients that go on whatever happens to those they talk to.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::process::{
    http::{Answer, Client},
    promises::{Acknowledged, Promises, Story},
    service::Service,
    world::{World, text},
};

/// How many clients talk to each instance.
const CLIENTS: usize = 2;

/// How long a client waits before it tries again.
const PAUSE: Duration = Duration::from_millis(10);

/// Clients at work.
pub(super) struct Load<'w> {
    world: &'w World,
    story: Story,
    over: AtomicBool,
    promises: Mutex<Promises>,
    /// How many requests each instance has acknowledged.
    answers: Vec<AtomicUsize>,
}

impl Load<'_> {
    /// Lets clients talk to all instances for as long as `story` lasts. What they were promised.
    pub(super) fn during(world: &World, instances: &[Service], story: impl FnOnce(&Load<'_>)) -> Promises {
        let answers = instances.iter().map(|_| AtomicUsize::new(0)).collect();
        let promises = Mutex::new(Promises::default());
        let load = Load { world, story: Story::new(), over: AtomicBool::new(false), promises, answers };
        thread::scope(|scope| {
            for (number, instance) in instances.iter().enumerate() {
                for _ in 0..CLIENTS {
                    let (load, address) = (&load, instance.address);
                    scope.spawn(move || {
                        while !load.over.load(SeqCst) {
                            // Whoever is not there may come back.
                            let Ok(client) = Client::connect(address) else {
                                thread::sleep(PAUSE);
                                continue;
                            };
                            load.talk(number, client);
                        }
                    });
                }
            }
            // Also when the story fails, or its clients would never end.
            let _over = Over(&load.over);
            for number in 0..instances.len() {
                load.goes_on(number, Duration::from_secs(10));
            }
            story(&load);
        });
        load.promises.into_inner().unwrap()
    }

    /// Waits until an instance has acknowledged some more; how long that took.
    pub(super) fn goes_on(&self, instance: usize, within: Duration) -> Duration {
        const MORE: usize = 20;
        let started = Instant::now();
        let before = self.answers[instance].load(SeqCst);
        while self.answers[instance].load(SeqCst) < before + MORE {
            assert!(started.elapsed() < within, "instance {instance} does not go on within {within:?}");
            thread::sleep(PAUSE);
        }
        started.elapsed()
    }

    /// Posts until there is no answer.
    fn talk(&self, instance: usize, mut client: Client) {
        while !self.over.load(SeqCst) {
            let events = self.story.go_on();
            let Ok(answer) = self.world.post(&mut client, &events) else { return };
            match answer.status {
                200 => self.keep(instance, &answer, events),
                503 => thread::sleep(PAUSE),
                _ => panic!("{answer:?}"),
            }
        }
    }

    fn keep(&self, instance: usize, answer: &Answer, events: Vec<Value>) {
        let results = answer.json()["results"].take();
        let mut promises = self.promises.lock().unwrap();
        let mut any = false;
        for (event, result) in events.into_iter().zip(results.as_array().unwrap()) {
            if result["outcome"] == "rejected" {
                assert_eq!(
                    (&result["error"]["code"], &result["error"]["retryable"]),
                    (&3002.into(), &true.into())
                );
            } else {
                promises.keep(Acknowledged { event, chat: text(&result["chat_id"]) });
                any = true;
            }
        }
        self.answers[instance].fetch_add(usize::from(any), SeqCst);
    }
}

/// Ends the clients' work when it goes out of scope.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
