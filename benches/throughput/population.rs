//! Who there is: groups, the lines that they are on, the people in them.
//!
//! A file of 10 000 groups is the measure. In a larger one each of these has a number of lookalikes, which
//! nobody speaks of unless the traffic is everywhere; so the traffic is the same whatever the size of the file,
//! and the groups that it is about are spread over all of it.

/// How many groups the traffic is about.
pub(crate) const GROUPS: usize = 10_000;

/// How many lines there are.
pub(crate) const LINES: usize = 1_000;

/// How many people are in the groups that the traffic is about. Each is in two or three of them.
const PEOPLE: usize = 20_000;

/// How many people a group has besides the line.
pub(crate) const MEMBERS: usize = 5;

/// So many lines have [`CROWD`] groups each. The others share the rest.
pub(crate) const CROWDED_LINES: usize = 50;

/// How many groups a crowded line has: as many as one request resolves.
pub(crate) const CROWD: usize = 100;

/// The groups in a file, and those of them that the traffic is about.
#[derive(Clone, Copy)]
pub(crate) struct Population {
    /// How many groups look like each other. One of them is what the traffic is about.
    lookalikes: usize,
    /// Whether the traffic is about all of them instead.
    everywhere: bool,
}

impl Population {
    /// Of about `groups` groups in a file. The traffic is about 10 000 of them.
    pub(crate) const fn of(groups: usize) -> Self {
        Self { lookalikes: groups / GROUPS, everywhere: false }
    }

    /// The same groups, with traffic about all of them.
    pub(crate) const fn everywhere(self) -> Self {
        Self { everywhere: true, ..self }
    }

    /// How many groups there are.
    pub(crate) const fn groups(self) -> usize {
        self.lookalikes * GROUPS
    }

    /// The group that an event is about. Spread evenly and without order, so hardly any two events that wait
    /// together are about the same one.
    pub(crate) const fn group_of(self, event: usize) -> usize {
        let mixed = (mix(event as u64) >> 33) as usize;
        self.lookalike(mixed % GROUPS, mixed / GROUPS)
    }

    /// The group that a look-up is about: without order, and none again before all the others. The factor shares no
    /// divisor with the number of groups.
    pub(crate) const fn group_in_turn(self, look_up: usize) -> usize {
        self.lookalike(look_up * 7_919 % GROUPS, (mix(look_up as u64) >> 33) as usize)
    }

    /// So many groups as one request resolves, all of one line. Requests take turns with the crowded lines.
    pub(crate) fn crowd(self, request: usize) -> impl Iterator<Item = usize> {
        let line = request % CROWDED_LINES;
        (0..CROWD).map(move |place| {
            let mixed = (mix((request * CROWD + place) as u64) >> 33) as usize;
            self.lookalike(line + place * CROWDED_LINES, mixed)
        })
    }

    /// The number of the line that a group is on.
    pub(crate) const fn line_of(self, group: usize) -> usize {
        let original = group / self.lookalikes;
        match original.checked_sub(CROWDED_LINES * CROWD) {
            None => original % CROWDED_LINES,
            Some(other) => CROWDED_LINES + other % (LINES - CROWDED_LINES),
        }
    }

    /// The handle of a group's member. The factor shares no divisor with the number of people, so that a group's
    /// members are different people. Lookalikes have people of their own.
    pub(crate) fn person(self, group: usize, member: usize) -> String {
        let (original, lookalike) = (group / self.lookalikes, group % self.lookalikes);
        let among = (original * MEMBERS + member) * 7_919 % PEOPLE;
        format!("+1415{:07}", lookalike * PEOPLE + among)
    }

    const fn lookalike(self, original: usize, mixed: usize) -> usize {
        let which = if self.everywhere { mixed % self.lookalikes } else { 0 };
        original * self.lookalikes + which
    }
}

/// The number of a line.
pub(crate) fn line(number: usize) -> String {
    format!("+1555{number:07}")
}

/// A number without an order, always the same for the same number.
pub(crate) const fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}
