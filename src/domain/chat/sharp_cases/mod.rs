//! The cases that users of such systems run into, one by one.
//!
//! The laws say that the merge is lawful; these say that it is the right one.

mod said;

use self::said::{GROUP, LINE, Story, handle, said, time};
use crate::domain::{
    change::Change, conversation_key::ConversationKey, event::Word, ids::EventId, receipt::ReceiptKey,
    service::Service, text::DisplayName,
};

const SAM: &str = "+14155550111";
const ALEX: &str = "+14155550142";
const ROBIN: &str = "robin@example.org";

const MAY_1: &str = "2026-05-01T12:00:00Z";
const MAY_2: &str = "2026-05-02T12:00:00Z";
const MAY_3: &str = "2026-05-03T12:00:00Z";
const MAY_9: &str = "2026-05-09T12:00:00Z";

// Duplicates.

#[test]
fn an_exact_duplicate_has_no_second_effect() {
    let first = said(MAY_1, "e1").named("Team lunch").listing_exactly([SAM, ROBIN]).written_by(SAM);
    let mut story = Story::of([first.clone()]);
    for much_later in [MAY_2, MAY_9] {
        let before = story.chat.clone();
        assert_eq!(story.hears_at(time(much_later), first.clone()), []);
        assert_eq!(story.chat, before);
    }
}

#[test]
fn two_lines_get_one_message_as_two_events() {
    let other_line = "+15555550101";
    let message = said(MAY_1, "e1").listing([LINE, other_line, SAM]).written_by(SAM);
    let here = Story::of([message.clone()]);
    let there = Story::on(other_line, [message]);
    assert_eq!(here.members(), [SAM, other_line]);
    assert_eq!(there.members(), [SAM, LINE]);

    let receipt = |story: &Story| {
        let id = EventId::new("e1").unwrap();
        ReceiptKey::new(&story.chat.tenant, &story.chat.line, time(MAY_1), &id)
    };
    assert_ne!(receipt(&here), receipt(&there));
}

// Late and sparse events.

#[test]
fn a_week_old_rename_is_ignored() {
    let mut story = Story::of([said(MAY_9, "e2").named("Team dinner")]);
    assert_eq!(story.hears_at(time(MAY_9), said(MAY_1, "e1").named("Team lunch")), []);
    assert_eq!(story.name(), Some("Team dinner"));
}

#[test]
fn a_week_old_addition_after_a_removal_is_ignored() {
    let mut story = Story::of([said(MAY_9, "e2").removing(SAM)]);
    assert_eq!(story.hears_at(time(MAY_9), said(MAY_1, "e1").adding(SAM)), []);
    assert_eq!(story.word_on(SAM), Some(Word::Removed));
    assert_eq!(story.joined_at(SAM), Some(time(MAY_1)), "it is still known when they joined");
}

#[test]
fn a_rich_event_enriches_what_a_sparse_one_began() {
    let mut story = Story::of([said(MAY_1, "e1").written_by(SAM)]);
    story.hears(said(MAY_2, "e2").named("Team lunch").introducing(ROBIN, Service::IMessage, "Robin"));
    assert_eq!(story.name(), Some("Team lunch"));
    assert_eq!(story.members(), [SAM, ROBIN]);
    assert_eq!(story.chat.version, 2);
}

#[test]
fn the_same_id_again_with_more_in_it_enriches() {
    let sparse = said(MAY_1, "e1").written_by(SAM);
    let rich = sparse.clone().named("Team lunch").listing_exactly([SAM, ROBIN]);
    let mut story = Story::of([sparse.clone()]);
    let name = DisplayName::new("Team lunch").unwrap();
    let enriched = [Change::Renamed(name), Change::ParticipantIn(handle(ROBIN))];
    assert_eq!(story.hears_at(time(MAY_9), rich.clone()), enriched);
    assert_eq!(story.hears_at(time(MAY_9), sparse.clone()), [], "the sparse copy takes nothing back");
    assert_eq!(story.chat.state, Story::of([rich, sparse]).chat.state);
}

#[test]
fn at_one_time_the_greater_id_wins_and_ids_are_bytes() {
    let story = Story::of([said(MAY_1, "e2").named("Two"), said(MAY_1, "e10").named("Ten")]);
    assert_eq!(story.name(), Some("Two"));
}

#[test]
fn a_clock_ahead_of_ours_does_not_freeze_the_name() {
    let mut story = Story::of([]);
    story.hears_at(time(MAY_1), said("2031-01-01T00:00:00Z", "e1").named("From the future"));
    story.hears(said(MAY_2, "e2").named("Team lunch"));
    assert_eq!(story.name(), Some("Team lunch"));
}

// People.

#[test]
fn one_address_is_one_participant_however_it_is_reached_or_written() {
    let story = Story::of([
        said(MAY_1, "e1").introducing("+1 (415) 555-0111", Service::Sms, "Sam"),
        said(MAY_2, "e2").introducing(SAM, Service::IMessage, "Sam"),
        said(MAY_3, "e3").listing([" Robin@Example.ORG", ROBIN]),
    ]);
    assert_eq!(story.members(), [SAM, ROBIN]);
    assert_eq!(story.chat.state.people[&handle(SAM)].service(), Some(Service::IMessage));
}

#[test]
fn addresses_of_no_known_form_are_kept_as_they_came() {
    let story = Story::of([said(MAY_1, "e1").listing([" 24273 ", "urn:biz:7B7F4A1C", "Robin@Example.org"])]);
    assert_eq!(story.members(), ["24273", ROBIN, "urn:biz:7B7F4A1C"]);
}

#[test]
fn no_handles_are_no_information() {
    let mut story = Story::of([said(MAY_1, "e1").listing_exactly([SAM, ROBIN])]);
    assert_eq!(story.hears(said(MAY_2, "e2").listing([])), []);
    assert_eq!(story.members(), [SAM, ROBIN]);
}

#[test]
fn a_list_that_is_not_complete_puts_nobody_out() {
    let story = Story::of([said(MAY_1, "e1").listing([SAM]), said(MAY_2, "e2").listing([ROBIN])]);
    assert_eq!(story.members(), [SAM, ROBIN]);
}

#[test]
fn the_silence_of_a_complete_roster_removes() {
    let mut story = Story::of([said(MAY_1, "e1").adding(SAM).listing([ROBIN])]);
    let out = [Change::ParticipantOut(handle(SAM), Word::Removed)];
    assert_eq!(story.hears(said(MAY_3, "e3").listing_exactly([ROBIN])), out);
    assert_eq!(story.chat.state.standing(&handle(SAM)).unwrap().since, time(MAY_3));

    // They left before the roster was taken, but the roster is the newest word on them.
    assert_eq!(story.hears_at(time(MAY_9), said(MAY_2, "e2").leaving(SAM)), []);
    assert_eq!(story.word_on(SAM), Some(Word::Removed));
}

#[test]
fn an_old_roster_is_silent_about_those_who_came_later() {
    let story = Story::of([said(MAY_2, "e2").listing([SAM]), said(MAY_1, "e1").listing_exactly([ROBIN])]);
    assert_eq!(story.members(), [SAM, ROBIN]);
}

#[test]
fn in_one_event_the_stronger_word_wins() {
    let word = |event| Story::of([said(MAY_1, "e0").listing([SAM]), event]).word_on(SAM);
    // The event says more and more, and what it adds is stronger than all it said before.
    let event = said(MAY_1, "e1").listing_exactly([ROBIN]);
    assert_eq!(word(event.clone()), Some(Word::Removed), "silence");
    let event = event.listing_as_gone(SAM, Word::Left);
    assert_eq!(word(event.clone()), Some(Word::Left), "listed out");
    let event = event.listing([SAM]);
    assert_eq!(word(event.clone()), Some(Word::Active), "listed in");
    let event = event.removing(SAM);
    assert_eq!(word(event), Some(Word::Removed), "the subject");

    let event = said(MAY_1, "e1").listing_as_gone(SAM, Word::Left).written_by(SAM);
    assert_eq!(word(event.clone()), Some(Word::Active), "the sender beats listings");
    assert_eq!(word(event.leaving(SAM)), Some(Word::Left), "and is beaten by the subject");
}

#[test]
fn strength_does_not_outlive_its_event() {
    let story = Story::of([said(MAY_1, "e1").removing(SAM), said(MAY_2, "e2").listing([SAM])]);
    assert_eq!(story.members(), [SAM]);
}

#[test]
fn joined_at_is_the_newest_addition() {
    let mut story = Story::of([said(MAY_1, "e1").listing([SAM]).written_by(ROBIN)]);
    assert_eq!(story.joined_at(SAM), None, "a listing does not say when");
    story.hears(said(MAY_3, "e3").adding(SAM));
    story.hears_at(time(MAY_9), said(MAY_2, "e2").adding(SAM));
    assert_eq!(story.joined_at(SAM), Some(time(MAY_3)));
    story.hears(said(MAY_9, "e4").removing(SAM));
    assert_eq!(story.joined_at(SAM), Some(time(MAY_3)));
}

#[test]
fn a_participants_name_is_versioned() {
    let mut story = Story::of([said(MAY_1, "e1").introducing(SAM, Service::Sms, "Sam")]);
    let blank = said(MAY_2, "e2").introducing(SAM, Service::Sms, " ");
    assert_eq!(story.hears(blank), [Change::ParticipantRenamed(handle(SAM), None)]);
    assert_eq!(story.chat.version, 2);
}

#[test]
fn strangers_are_counted_once() {
    let story = Story::of([said(MAY_1, "e1").listing([SAM])]);
    let event = said(MAY_2, "e2").listing([SAM, ROBIN]).written_by(ROBIN);
    assert_eq!(story.strangers_in(&event), 1 + 1, "Robin and, never spoken of before, the line");
}

// Our own addresses.

#[test]
fn our_line_comes_back_into_the_same_chat() {
    let mut story = Story::of([said(MAY_1, "e1").listing([LINE, SAM])]);
    let id = story.chat.id;
    assert_eq!(story.hears(said(MAY_2, "e2").removing(LINE)), [Change::LineLeft]);
    assert!(!story.chat.state.line_is_in());
    assert_eq!(story.hears(said(MAY_3, "e3").adding(LINE)), [Change::LineBack]);
    assert!(story.chat.state.line_is_in());
    assert_eq!((story.chat.id, story.members()), (id, vec![SAM]));
}

#[test]
fn any_message_and_any_listing_shows_the_line_to_be_in() {
    let out = || said(MAY_1, "e1").leaving(LINE);
    for event in [said(MAY_2, "e2").written_by(SAM), said(MAY_2, "e2").listing([LINE])] {
        assert!(Story::of([out(), event]).chat.state.line_is_in());
    }
}

#[test]
fn rosters_say_nothing_about_the_line_by_silence() {
    let story = Story::of([
        said(MAY_1, "e1").listing([LINE, SAM]),
        said(MAY_2, "e2").listing_exactly([SAM]),
        said(MAY_3, "e3").listing_exactly([SAM]).listing_as_gone(LINE, Word::Removed),
    ]);
    assert!(story.chat.state.line_is_in());
}

#[test]
fn the_subject_beats_the_listing_of_the_line() {
    let story = Story::of([said(MAY_1, "e1").listing([LINE, SAM]).removing(LINE)]);
    assert!(!story.chat.state.line_is_in());
    let story = Story::of([said(MAY_1, "e1").written_by(SAM).leaving(LINE)]);
    assert!(!story.chat.state.line_is_in());
}

#[test]
fn the_line_is_never_a_participant_and_never_makes_a_group_direct() {
    let mut story = Story::of([said(MAY_1, "e1").listing_exactly([LINE, SAM, ROBIN])]);
    story.hears(said(MAY_2, "e2").listing_exactly([SAM, ROBIN]));
    story.hears(said(MAY_3, "e3").listing_exactly([LINE, SAM]));
    assert_eq!(story.word_on(LINE), None);
    assert_eq!(story.members(), [SAM]);
    assert_eq!(story.chat.state.is_group(), Some(true));
    assert!(!story.changes.contains(&Change::ParticipantIn(handle(LINE))));
}

#[test]
fn an_address_that_turns_out_to_be_ours_is_no_participant() {
    let mut story = Story::of([said(MAY_1, "e1").listing(["me@example.org", SAM])]);
    let unmasked = [Change::ParticipantIsUs(handle("me@example.org"))];
    assert_eq!(story.hears(said(MAY_2, "e2").calling_ours("me@example.org")), unmasked);
    assert_eq!(story.members(), [SAM]);
    assert_eq!(story.hears(said(MAY_3, "e3").listing_exactly(["me@example.org", SAM])), []);
}

#[test]
fn what_was_said_about_an_address_holds_for_the_line_once_it_is_ours() {
    let mut story =
        Story::of([said(MAY_1, "e1").written_by(SAM), said(MAY_2, "e2").removing("me@example.org")]);
    assert!(story.chat.state.line_is_in());
    let changes = story.hears_at(time(MAY_9), said(MAY_1, "e0").calling_ours("me@example.org"));
    assert_eq!(changes, [Change::LineLeft, Change::ParticipantIsUs(handle("me@example.org"))]);
}

#[test]
fn listed_as_gone_says_nothing_about_an_address_that_turns_out_to_be_ours() {
    let story = Story::of([
        said(MAY_1, "e1").listing_as_gone("me@example.org", Word::Left).listing([SAM]),
        said(MAY_2, "e2").calling_ours("me@example.org"),
    ]);
    assert!(story.chat.state.line_is_in());
}

// The conversation itself.

#[test]
fn the_first_event_creates() {
    let story = Story::of([said(MAY_1, "e1").with_icon("https://cdn.example.org/a.png").listing([SAM])]);
    assert_eq!(story.changes.first(), Some(&Change::Created));
    assert!(story.chat.state.icon().is_some());
    assert_eq!(story.chat.version, 1);
    let silent = Story::of([said(MAY_1, "e1").under("any;-;+14155550111")]);
    assert_eq!(silent.changes, [Change::Created, Change::Kind { is_group: false }]);
}

#[test]
fn a_null_blank_or_derived_name_is_no_name() {
    for name in ["", " ", "+14155550111, robin@example.org", "+14155550111 & +14155550142"] {
        let mut story = Story::of([said(MAY_1, "e1").named("Team lunch")]);
        assert_eq!(story.hears(said(MAY_2, "e2").named(name)), [Change::Renamed(None)], "{name}");
    }
    let story = Story::of([said(MAY_1, "e1").named("Team lunch"), said(MAY_2, "e2").listing([SAM])]);
    assert_eq!(story.name(), Some("Team lunch"), "no name at all is no information");
}

#[test]
fn the_service_in_front_of_the_key_does_not_matter() {
    let mut story = Story::of([said(MAY_1, "e1").listing([SAM])]);
    for (at, key) in [(MAY_2, "SMS;+;chat42"), (MAY_3, "RCS;+;chat42"), (MAY_9, "any;+;chat42")] {
        assert_eq!(story.hears(said(at, "e2").under(key).listing([SAM])), [], "{key}");
    }
    assert_eq!(story.chat.state.keys.len(), 1);
}

#[test]
fn the_spelling_with_the_newest_stamp_is_the_one_to_deliver_to() {
    let mut story = Story::of([said(MAY_2, "e2").under("any;+;chat42")]);
    story.hears_at(time(MAY_9), said(MAY_1, "e1").under(GROUP));
    assert_eq!(story.chat.state.key().map(ConversationKey::as_str), Some("any;+;chat42"));
    story.hears(said(MAY_3, "e3").under("RCS;+;chat42"));
    assert_eq!(story.chat.state.key().map(ConversationKey::as_str), Some("RCS;+;chat42"));
}

#[test]
fn the_kind_is_in_the_keys_grammar() {
    let direct = said(MAY_1, "e1").under("SMS;-;+14155550111").listing([SAM, ALEX]).calling_it_a_group();
    assert_eq!(Story::of([direct]).chat.state.is_group(), Some(false));
    assert_eq!(Story::of([said(MAY_1, "e1")]).chat.state.is_group(), Some(true));
}

#[test]
fn an_opaque_key_names_a_group_once_any_event_said_so() {
    let event = |at, id| said(at, id).under("b183b0d3-3211");
    let mut story = Story::of([event(MAY_2, "e2").listing([SAM, ALEX, ROBIN])]);
    assert_eq!(story.chat.state.is_group(), None);
    let late = event(MAY_1, "e1").calling_it_a_group();
    assert_eq!(story.hears_at(time(MAY_9), late), [Change::Kind { is_group: true }]);
    story.hears(event(MAY_3, "e3").listing_exactly([SAM]));
    assert_eq!(story.chat.state.is_group(), Some(true));
}

#[test]
fn the_service_is_the_newest_word() {
    let mut story = Story::of([said(MAY_2, "e2").over(Service::Sms)]);
    assert_eq!(story.hears_at(time(MAY_9), said(MAY_1, "e1").over(Service::Rcs)), []);
    let upgraded = said(MAY_3, "e3").over(Service::IMessage);
    assert_eq!(story.hears(upgraded), [Change::Service(Service::IMessage)]);
}
