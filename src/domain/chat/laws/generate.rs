//! Made-up histories in which everything that can collide does.
//!
//! There are few people, ids and moments, so that two events often share a stamp, and many events are copies
//! of another one with more, less or other things in them.

use std::{collections::HashMap, fmt, sync::LazyLock};

use proptest::{collection::vec, option::weighted, prelude::*, sample::Index};

use crate::domain::{
    conversation_key::ConversationKey,
    event::{Event, Mention, Says, Word},
    handle::Handle,
    ids::{EventId, Slug},
    phone::PhoneNumber,
    receipt::{Receipt, ReceiptKey, effective_time},
    service::Service,
    stamp::{Stamp, Strength},
    text::{DisplayName, IconUrl},
    time::Time,
};

/// The first two are the line's number and its e-mail address, which only some events know to be ours.
const HANDLES: [&str; 5] =
    ["+15555550100", "me@example.org", "+14155550111", "sam@example.org", "urn:biz:7b7f"];

/// Places in [`HANDLES`], as often as events call them ours: now and then it is somebody else's.
const CALLED_OURS: &[usize] = &[0, 0, 0, 1, 1, 1, 2, 3];

/// The second is derived and the third blank: both say that there is no name.
const GROUP_NAMES: &[&str] = &["Team lunch", "+14155550111, sam@example.org", " ", "Trail & error"];

const PERSON_NAMES: &[&str] = &["Sam", "Robin", "\t"];

const ICONS: &[&str] = &["https://cdn.example.org/a.png", "https://cdn.example.org/b.png", ""];

const SERVICES: &[Service] = &[Service::IMessage, Service::Rcs, Service::Sms];

const EVENT_IDS: [&str; 3] = ["e1", "e2", "e10"];

/// Conversations, each in all of its spellings: a group, a direct chat, an opaque one, and a group with two
/// keys, as when one chat stands for what were two.
const SPELLINGS: [&[&str]; 4] = [
    &["iMessage;+;chat42", "SMS;+;chat42", "RCS;+;chat42", "any;+;chat42"],
    &["iMessage;-;+14155550111", "any;-;+14155550111", "SMS;-;+14155550111"],
    &["b183b0d3-3211"],
    &["RCS;+;chat42", "any;+;chat42", "b183b0d3-3211"],
];

/// Seconds after [`EPOCH`] that events claim. Those beyond 300 lie in the future, or just not.
const CLAIMED: &[i64] = &[0, 1, 2, 3, 4, 303, 304, 306, 9000];

/// When the first event of a history arrives, in seconds after [`EPOCH`].
const FIRST_ARRIVAL: i64 = 3;

const EPOCH: i64 = 1_777_636_800;

pub(super) static LINE: LazyLock<PhoneNumber> = LazyLock::new(|| HANDLES[0].parse().unwrap());

pub(super) static TENANT: LazyLock<Slug> = LazyLock::new(|| "acme".parse().unwrap());

static EVERYBODY: LazyLock<[Handle; 5]> = LazyLock::new(|| HANDLES.map(|text| Handle::new(text).unwrap()));

static IDS: LazyLock<[EventId; 3]> = LazyLock::new(|| EVENT_IDS.map(|text| EventId::new(text).unwrap()));

pub(super) fn time(seconds: i64) -> Time {
    Time::from_seconds(EPOCH + seconds)
}

/// An event and the moment at which a copy of it reaches us.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) at: Time,
    pub(super) event: Event,
}

/// An event whose time is settled: what the laws speak of.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) key: ConversationKey,
    pub(super) previous: Option<ConversationKey>,
    pub(super) stamp: Stamp,
    pub(super) says: Says,
}

/// The receipts of everything taken so far.
pub(super) type Receipts = HashMap<ReceiptKey, Receipt>;

impl Arrival {
    /// The event with the time of its first arrival, which `receipts` keep for all later copies.
    pub(super) fn settle(&self, receipts: &mut Receipts) -> Said {
        let Event { id, claimed, line, key, previous, says, .. } = self.event.clone();
        let receipt = receipts
            .entry(ReceiptKey::new(&TENANT, &line, claimed, &id))
            .or_insert_with(|| Receipt { effective: effective_time(claimed, self.at) });
        Said { key, previous, stamp: Stamp { time: receipt.effective, event: id }, says }
    }
}

/// Up to twelve events of one conversation in the order of their arrival, copies among them.
pub(super) fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    (0..SPELLINGS.len()).prop_flat_map(arrivals_of)
}

/// The same with settled times.
pub(super) fn history() -> impl Strategy<Value = Vec<Said>> {
    arrivals().prop_map(|arrivals| settled(&arrivals))
}

/// One history for each of the three conversations with one key.
pub(super) fn histories() -> impl Strategy<Value = [Vec<Said>; 3]> {
    (arrivals_of(0), arrivals_of(1), arrivals_of(2))
        .prop_map(|(a, b, c)| [a, b, c].map(|arrivals| settled(&arrivals)))
}

fn settled(arrivals: &[Arrival]) -> Vec<Said> {
    let mut receipts = Receipts::new();
    arrivals.iter().map(|arrival| arrival.settle(&mut receipts)).collect()
}

fn arrivals_of(conversation: usize) -> impl Strategy<Value = Vec<Arrival>> {
    let copy = (any::<Index>(), any::<Index>(), any::<usize>());
    let waits = vec(0..2_i64, 12);
    (vec(event(conversation), 1..=8), vec(copy, 0..=4), waits).prop_map(|(mut events, copies, waits)| {
        for (of, to, dealing) in copies {
            let original = of.get(&events);
            let [says, ..] = split(&original.says, dealing);
            let poorer = Event { says, ..original.clone() };
            events.insert(to.index(events.len() + 1), poorer);
        }
        let clock = waits.iter().scan(FIRST_ARRIVAL, |now, wait| {
            *now += wait;
            Some(time(*now))
        });
        clock.zip(events).map(|(at, event)| Arrival { at, event }).collect()
    })
}

fn event(conversation: usize) -> impl Strategy<Value = Event> {
    let spelling = proptest::sample::select(SPELLINGS[conversation]);
    let claimed = proptest::sample::select(CLAIMED);
    let before = weighted(0.2, spelling.clone());
    (0..IDS.len(), claimed, spelling, before, says()).prop_map(|(id, claimed, key, before, says)| Event {
        id: IDS[id].clone(),
        claimed: time(claimed),
        line: LINE.clone(),
        key: ConversationKey::new(key).unwrap(),
        previous: before.map(|key| ConversationKey::new(key).unwrap()),
        client_ref: None,
        says,
    })
}

fn says() -> impl Strategy<Value = Says> {
    let sender = weighted(0.25, someone());
    let ours = weighted(0.25, proptest::sample::select(CALLED_OURS));
    let people = (vec(listed(), 0..4), sender, weighted(0.4, subject()), ours);
    (news(), any::<bool>(), people).prop_map(|(news, complete, (mut people, sender, subject, ours))| {
        // An empty list of handles is no information, and so is never complete.
        let roster_complete = complete && !people.is_empty();
        if let Some(sender) = sender {
            let line = EVERYBODY[0].clone();
            people.extend([sender, line].map(|handle| mention(handle, Word::Active, Strength::Sender)));
        }
        people.extend(subject);
        let ours = ours.map(|own| EVERYBODY[own].clone()).into_iter().collect();
        Says { roster_complete, ours, people, ..news }
    })
}

/// What an event says about the conversation itself.
fn news() -> impl Strategy<Value = Says> {
    let name = weighted(0.3, proptest::sample::select(GROUP_NAMES));
    let icon = weighted(0.2, proptest::sample::select(ICONS));
    (name, icon, weighted(0.2, service()), proptest::bool::weighted(0.2)).prop_map(
        |(name, icon, service, is_group)| Says {
            name: name.map(|text| DisplayName::of_group(text).unwrap()),
            icon: icon.map(|text| IconUrl::new(text).unwrap()),
            service,
            is_group,
            ..Says::default()
        },
    )
}

fn listed() -> impl Strategy<Value = Mention> {
    let word = proptest::sample::select(&[Word::Active, Word::Active, Word::Left, Word::Removed][..]);
    let name = weighted(0.3, proptest::sample::select(PERSON_NAMES));
    (someone(), word, weighted(0.3, service()), name).prop_map(|(handle, word, service, name)| {
        let strength = if word == Word::Active { Strength::Listed } else { Strength::ListedOut };
        let name = name.map(|text| DisplayName::new(text).unwrap());
        Mention { service, name, ..mention(handle, word, strength) }
    })
}

fn subject() -> impl Strategy<Value = Mention> {
    let word = proptest::sample::select(&[Word::Active, Word::Left, Word::Removed][..]);
    (someone(), word).prop_map(|(handle, word)| mention(handle, word, Strength::Subject))
}

fn mention(handle: Handle, word: Word, strength: Strength) -> Mention {
    Mention { handle, word, strength, service: None, name: None }
}

fn someone() -> impl Strategy<Value = Handle> {
    (0..HANDLES.len()).prop_map(|place| EVERYBODY[place].clone())
}

fn service() -> impl Strategy<Value = Service> {
    proptest::sample::select(SERVICES)
}

/// Deals the assertions of an event out to three copies of it; the digits of `dealing`, to the base of three,
/// say which goes where.
///
/// A handle's word goes to a second copy as well, without its name and service: a sparser account of the same.
pub(super) fn split(says: &Says, dealing: usize) -> [Says; 3] {
    let mut parts: [Says; 3] = std::array::from_fn(|_| Says::default());
    let mut digits = dealing;
    let mut deal = || {
        let part = digits % 3;
        digits /= 3;
        part
    };
    parts[deal()].name.clone_from(&says.name);
    parts[deal()].icon.clone_from(&says.icon);
    parts[deal()].service = says.service;
    parts[deal()].is_group = says.is_group;
    parts[deal()].roster_complete = says.roster_complete;
    for own in &says.ours {
        parts[deal()].ours.push(own.clone());
    }
    for full in &says.people {
        parts[deal()].people.push(full.clone());
        parts[deal()].people.push(mention(full.handle.clone(), full.word, full.strength));
    }
    parts
}

/// The same events in another order: that of their `ranks`. Shrinking the ranks restores the old order.
pub(super) fn shuffled<T>(events: Vec<T>, ranks: [u8; 32]) -> Vec<T> {
    let mut ranked: Vec<_> = ranks.into_iter().cycle().zip(events).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, event)| event).collect()
}

// Handles and keys hide themselves from logs; here they are made up, and a failed law must show them.

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_event(f, &self.key, self.stamp.time, &self.stamp.event, &self.says)
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at +{}s ", self.at.seconds() - EPOCH)?;
        write_event(f, &self.event.key, self.event.claimed, &self.event.id, &self.event.says)
    }
}

fn write_event(
    f: &mut fmt::Formatter<'_>,
    key: &ConversationKey,
    time: Time,
    id: &EventId,
    says: &Says,
) -> fmt::Result {
    write!(f, "+{}s {} {}:", time.seconds() - EPOCH, id.as_str(), key.as_str())?;
    let Says { name, icon, service, is_group, is_direct: _, roster_complete, ours, people } = says;
    if let Some(name) = name {
        write!(f, " name={name:?}")?;
    }
    if let Some(icon) = icon {
        write!(f, " icon={icon:?}")?;
    }
    if let Some(service) = service {
        write!(f, " {service:?}")?;
    }
    if *is_group {
        write!(f, " group")?;
    }
    if *roster_complete {
        write!(f, " complete")?;
    }
    for own in ours {
        write!(f, " ours={own}")?;
    }
    for Mention { handle, word, strength, service, name } in people {
        write!(f, " {handle}={word:?}/{strength:?}/{service:?}/{name:?}")?;
    }
    Ok(())
}
