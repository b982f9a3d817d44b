//! The laws of the registry, put to the test on made-up stories: relays report, lines are registered, the service
//! starts anew, and whatever the batches and the caches, the store holds what a [`model`] says.
//!
//! `PROPTEST_CASES` sets how many stories are tried.

mod generate;
mod ground;
mod held;
mod model;
mod world;

use proptest::prelude::*;

use self::{
    generate::{Step, Story, Told, stories, time},
    ground::{File, Ground, Shared},
    held::Held,
    model::Model,
    world::{World, directory},
};
use super::{command::Command, parking::Unpark, placement::place};
use crate::{
    clock,
    domain::time::Time,
    store::{
        directory::{Directory, Place},
        parked::ParkedQuery,
    },
};

/// A command on its way into a transaction, and what it is to the model.
type Asked = (Command, Box<dyn FnOnce(&mut Model)>);

/// Plays a story to its end: in the end the attendant has nothing more to do.
fn played(story: &Story, ground: impl Ground + 'static) -> (World, Model) {
    let mut world = World::on(ground);
    let mut model = Model::default();
    let mut batches = story.batches.iter().zip(&story.restarts);
    let mut waiting: Vec<Asked> = Vec::new();
    for (index, step) in story.steps.iter().enumerate() {
        let now = moment_of(index);
        match step {
            Step::Report(told) => {
                let directory = directory(story, index.saturating_sub(told.behind));
                waiting.extend(reported(told, &directory, now));
            }
            Step::Attend => waiting.extend(attended(&world, &directory(story, index))),
        }
        let (size, restarts) = batches.next().unwrap_or((&1, &false));
        if waiting.len() >= *size {
            commit(&mut world, &mut model, std::mem::take(&mut waiting), now);
            if *restarts {
                world.restart();
            }
        }
    }
    let now = moment_of(story.steps.len());
    commit(&mut world, &mut model, waiting, now);
    loop {
        let rest = attended(&world, &directory(story, usize::MAX));
        if rest.is_empty() {
            // What was put off is in the rows of chats now, also what only the store remembers.
            world.restart();
            world.stop();
            return (world, model);
        }
        commit(&mut world, &mut model, rest, now);
    }
}

/// When a step is done, long before what claims to come from the future.
fn moment_of(step: usize) -> Time {
    time(3 + i64::try_from(step).unwrap())
}

fn reported(told: &Told, directory: &Directory, now: Time) -> Option<Asked> {
    let (relay, report) = (told.relay(), told.report());
    let placement = place(directory, &relay, &report);
    let command = placement.clone().command(report.clone(), relay.clone(), now)?;
    Some((command, Box::new(move |model| model.report(&placement, &relay, &report, now))))
}

fn attended(world: &World, directory: &Directory) -> Vec<Asked> {
    let asked = |(query, places): (ParkedQuery, Vec<Place>)| -> Asked {
        assert!(places.iter().all(|place| place.takes_parked), "{query:?} is nothing for {places:?}");
        let unpark = Unpark::new(query.clone(), places.clone(), clock::random());
        (unpark.into(), Box::new(move |model| model.follow(vec![(query, places)])))
    };
    world.ready(directory).into_iter().map(asked).collect()
}

fn commit(world: &mut World, model: &mut Model, asked: Vec<Asked>, now: Time) {
    let (commands, facts): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    world.commit(commands, now);
    for fact in facts {
        fact(model);
    }
}

/// Whether the store holds what the model says, and all is in order.
fn check(story: &Story, ground: impl Ground + 'static) -> Result<(), TestCaseError> {
    let (world, model) = played(story, ground);
    prop_assert_eq!(Held::by(&world), Held::said_by(&model));
    prop_assert_eq!(world.problems(), Vec::<String>::new());
    let directory = directory(story, usize::MAX);
    for one in &model.waiting {
        prop_assert!(!model.has_a_place_for(one, &directory), "{:?}", one);
    }
    Ok(())
}

fn check_everywhere(story: &Story) {
    check(story, File::new(story.cached)).unwrap();
    check(story, Shared::new(story.cached)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn the_store_holds_what_the_model_says(story in stories()) {
        check(&story, File::new(story.cached))?;
    }

    /// Where every report names a line that there is sooner or later, nothing else matters.
    #[test]
    fn order_decides_nothing(story in stories(), ranks: [u8; 24]) {
        let story = story.where_all_name_their_line();
        let (world, _) = played(&story, File::new(story.cached));
        let (other, _) = played(&story.shuffled(ranks), File::new(story.cached));
        prop_assert_eq!(Held::by(&world).chats, Held::by(&other).chats);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What one server remembers is never older than what the other has written.
    #[test]
    fn two_servers_that_take_turns_hold_what_the_model_says(story in stories()) {
        check(&story, Shared::new(story.cached))?;
    }
}

/// An id that was given twice: the second event is parked and applied in one transaction, and yet its receipt is
/// known.
#[test]
fn what_is_parked_and_applied_at_once_has_its_receipt() {
    let [first, second, shows] =
        [Told::plain(0, Some(0), 0), Told::plain(0, None, 1), Told::plain(1, Some(0), 1)];
    let steps = [first, second, shows].map(Step::Report).to_vec();
    check_everywhere(&Story::told(steps, [0; 3], vec![1, 2, 2]));
}

/// The same with a key that it had before, and that the line knows already.
#[test]
fn what_is_parked_and_applied_at_once_has_its_keys() {
    let rekeyed = Told::plain(1, None, 1).with_previous(0);
    let steps = [Told::plain(0, Some(0), 0), rekeyed, Told::plain(2, Some(0), 1)].map(Step::Report).to_vec();
    check_everywhere(&Story::told(steps, [0; 3], vec![1, 2, 2]));
}

/// A directory that is behind lacks the line that knows the conversation.
#[test]
fn what_was_parked_for_want_of_news_is_applied_all_the_same() {
    let stale = Told::plain(1, None, 0).behind(2);
    let steps = [Told::plain(0, Some(0), 1), Told::plain(0, Some(1), 1), Told::plain(2, Some(2), 0), stale];
    check_everywhere(&Story::told(steps.map(Step::Report).to_vec(), [0, 0, 2], vec![1; 4]));
}
