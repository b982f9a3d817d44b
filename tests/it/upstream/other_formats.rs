//! The formats of other systems beside our own, as far as their parsers.

use chert_groups::{
    domain::{
        chat::{ChatState, Keys},
        event::{Event as Placed, Word},
        report::Report,
        service::Service,
        stamp::Stamp,
        text::DisplayName,
        time::Time,
    },
    upstream::{
        Parsed, bluebubbles, linq,
        request::{self, Events},
    },
};
use serde_json::{Value, json};

use crate::support::{
    BlueBubbles, Event, Linq,
    directory::{LINE, LINE_2, number},
    event::SAM,
};

const ALEX: &str = "+12025550141";
const KIM: &str = "+442079460018";
const KEY: &str = "iMessage;+;chat1";
const CHAT: &str = "b183b0d3-3211-43db-8b4b-9bb7294dcf7b";
const NAME: &str = "Trail runners";
const ICON: &str = "https://cdn.example.org/icon.png";

/// The minute of the story in which something happens.
fn minute(minute: usize) -> String {
    format!("2026-05-30T12:{minute:02}:00Z")
}

fn told(parsed: Parsed) -> Report {
    match parsed {
        Parsed::Speaks(report) => *report,
        other => panic!("{other:?}"),
    }
}

fn of_bluebubbles(event: &BlueBubbles) -> Report {
    told(bluebubbles::parse(event.to_string().as_bytes(), Some(&number(LINE))).unwrap())
}

fn of_linq(event: &Linq) -> Report {
    told(linq::parse(event.to_string().as_bytes()).unwrap())
}

fn of_native(event: &Event) -> Report {
    match request::from_json(event.to_string().as_bytes()) {
        Ok(Events::One(Ok(parsed))) => told(parsed),
        other => panic!("{other:?}"),
    }
}

fn native_story() -> Vec<Report> {
    let icon =
        |id: &str, url: Option<&str>| Event::new("chat.icon_changed", id, KEY).with("/data/chat/icon", url);
    [
        Event::message("e0", KEY),
        Event::new("chat.created", "e1", KEY).handles([ALEX, SAM]),
        Event::renamed("e2", KEY, NAME),
        Event::participant("added", "e3", KEY, KIM),
        Event::participant("removed", "e4", KEY, SAM),
        Event::participant("left", "e5", KEY, ALEX),
        icon("e6", None),
        Event::participant("left", "e7", KEY, LINE),
        Event::new("message.sent", "e8", KEY),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, event)| of_native(&event.at(&minute(at))))
    .collect()
}

fn bluebubbles_story() -> Vec<Report> {
    [
        BlueBubbles::message("g0").from(9, SAM),
        BlueBubbles::message("g1").from(9, SAM).participants([(7, ALEX), (9, SAM)]),
        BlueBubbles::renamed("g2", Some(NAME)),
        BlueBubbles::added("g3", 15).participants([(7, ALEX), (9, SAM), (15, KIM)]),
        BlueBubbles::removed("g4", 9).participants([(7, ALEX), (15, KIM)]),
        BlueBubbles::left("g5").from(7, ALEX),
        BlueBubbles::icon_removed("g6"),
        BlueBubbles::left("g7").by_us(),
        BlueBubbles::message("g8").by_us(),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, event)| {
        let event = event.in_chat(KEY).named(if at < 2 { "" } else { NAME });
        let millis = Time::parse(&minute(at)).unwrap().unix_millis();
        of_bluebubbles(&event.at(i64::try_from(millis).unwrap()))
    })
    .collect()
}

fn linq_story() -> Vec<Report> {
    [
        Linq::message("l0", CHAT),
        Linq::created("l1", CHAT, [ALEX, SAM]),
        Linq::renamed("l2", CHAT, Some(NAME)),
        Linq::participant("added", "l3", CHAT, KIM),
        Linq::participant("removed", "l4", CHAT, SAM),
        Linq::participant("removed", "l5", CHAT, ALEX).with("/data/participant/status", "left"),
        Linq::icon("l6", CHAT, None),
        Linq::participant("removed", "l7", CHAT, LINE),
        Linq::message("l8", CHAT).sender(LINE).with("/data/direction", "outbound"),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, event)| of_linq(&event.at(&minute(at))))
    .collect()
}

/// What is to be seen of a chat that took these events on [`LINE`].
fn seen<'r>(reports: impl IntoIterator<Item = &'r Report>) -> Value {
    let line = number(LINE);
    let mut state = ChatState::new(&line);
    for report in reports {
        let Placed { id, claimed, key, says, .. } = report.on(&line);
        state.apply(Keys { current: Some(&key), previous: None }, &Stamp { time: claimed, event: id }, &says);
    }
    let people = state.participants().map(|(handle, _, standing)| [handle.as_str(), standing.word.as_str()]);
    json!({
        "name": state.name().map(DisplayName::as_str),
        "has_icon": state.icon().is_some(),
        "service": state.service().map(Service::as_str),
        "is_group": state.is_group(),
        "line_is_in": state.line_is_in(),
        "people": people.collect::<Vec<_>>(),
    })
}

#[test]
fn one_story_comes_to_the_same_in_every_format_and_order() {
    let expected = json!({
        "name": NAME,
        "has_icon": false,
        "service": "imessage",
        "is_group": true,
        "line_is_in": true,
        "people": [[ALEX, Word::Left.as_str()], [SAM, Word::Removed.as_str()], [KIM, Word::Active.as_str()]],
    });
    for story in [native_story(), bluebubbles_story(), linq_story()] {
        assert_eq!(seen(&story), expected);
        assert_eq!(seen(story.iter().rev()), expected);
        let before_we_wrote = &story[..story.len() - 1];
        assert_eq!(seen(before_we_wrote)["line_is_in"], false);
    }
}

#[test]
fn a_companion_adds_nothing() {
    for change in [
        BlueBubbles::renamed("g", None),
        BlueBubbles::added("g", 15).participants([(7, ALEX), (15, KIM)]),
        BlueBubbles::left("g").from(7, ALEX),
        BlueBubbles::icon_removed("g"),
    ] {
        let (alone, companion) = (of_bluebubbles(&change), of_bluebubbles(&change.companion()));
        assert_ne!(alone.id, companion.id);
        assert_eq!(seen([&alone, &companion]), seen([&alone]));
        assert_eq!(seen([&companion, &alone]), seen([&alone]));
    }
}

#[test]
fn a_message_of_our_own_making_is_known_again() {
    let client_ref = "0123456789abcdef0123456789abcdef";
    let ours = of_bluebubbles(&BlueBubbles::message("g").by_us().temp_guid(client_ref));
    assert_eq!(ours.client_ref, Some(client_ref.parse().unwrap()));
}

#[test]
fn both_versions_of_a_linq_message_say_the_same() {
    assert_eq!(of_linq(&Linq::older_message("l", CHAT)), of_linq(&Linq::message("l", CHAT)));
}

#[test]
fn only_some_linq_events_name_the_line() {
    assert_eq!(of_linq(&Linq::message("l", CHAT).line(LINE_2)).line, Some(number(LINE_2)));
    assert_eq!(of_linq(&Linq::created("l", CHAT, [SAM])).line, Some(number(LINE)));
    for event in
        [Linq::reaction("l", CHAT), Linq::icon("l", CHAT, Some(ICON)), Linq::renamed("l", CHAT, None)]
    {
        assert_eq!(of_linq(&event).line, None);
    }
}

#[test]
fn what_names_no_chat_is_ignored() {
    let reaction = Linq::reaction("l", CHAT).without("/data/chat_id");
    assert!(matches!(linq::parse(reaction.to_string().as_bytes()), Ok(Parsed::Ignored(_))));
    let message = BlueBubbles::message("g").without("/data/chats");
    assert!(matches!(bluebubbles::parse(message.to_string().as_bytes(), None), Ok(Parsed::Ignored(_))));
}
