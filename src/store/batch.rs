//! The commands of one transaction: what they need is loaded, and each is decided in turn.

use std::{collections::VecDeque, sync::Arc};

use super::{
    StoreError,
    committer::{Command, Load, Work},
    memory::changes::{Changes, Changing},
    working::{Moment, Needs, Working},
};

/// The commands of one transaction, those of each job together.
pub(super) struct Batch<C: Command> {
    moment: Moment,
    commands: Vec<Vec<C>>,
    decided: Vec<Vec<C::Reply>>,
    changes: Arc<Changes>,
    /// Once all is decided: what the commit changes.
    changing: Option<Changing>,
}

impl<C: Command> Work for Batch<C> {
    fn run(&mut self, working: &mut Working, load: &mut Load<'_>) -> Result<(), StoreError> {
        // What an attempt that failed has left.
        (self.decided, self.changing) = (Vec::with_capacity(self.commands.len()), None);
        // Nearly all that is needed, at once; and in any case something is asked of the store, which may give the time
        // stamp with its answer.
        let all = |loaded: &Working, needs: &mut Needs| {
            self.commands.iter().flatten().for_each(|command| command.needs(loaded, needs));
        };
        let mut needs = Needs::default();
        all(working, &mut needs);
        load(needs, working)?;
        see(working, load, all)?;
        for commands in &self.commands {
            let replies = commands.iter().map(|command| self.decide(command, working, load));
            let replies = replies.collect::<Result<_, _>>()?;
            self.decided.push(replies);
        }
        self.changing = Some(self.changes.begin(working));
        Ok(())
    }
}

impl<C: Command> Batch<C> {
    /// Commands whose commit tells `changes` what it changes.
    pub(super) fn new(moment: Moment, commands: Vec<Vec<C>>, changes: Arc<Changes>) -> Self {
        Self { moment, commands, decided: Vec::new(), changes, changing: None }
    }

    /// Ends the commit for look-ups, which must know of it before anybody is answered. A failure may have changed
    /// something all the same.
    pub(super) fn settle(&mut self) {
        drop(self.changing.take());
    }

    /// The replies to the commands of each job, once they were decided.
    pub(super) fn replies(self) -> impl Iterator<Item = Vec<C::Reply>> {
        self.decided.into_iter()
    }

    /// Decides on a command and all that follows from it. Each is asked for its needs once more, since those before
    /// it may have brought about that it needs something else.
    fn decide(
        &self,
        command: &C,
        working: &mut Working,
        load: &mut Load<'_>,
    ) -> Result<C::Reply, StoreError> {
        let mut decide = |command: &C, then: &mut Vec<C>| {
            see(working, load, |loaded, needs| command.needs(loaded, needs))?;
            let moment = working.moment(&self.moment);
            Ok::<_, StoreError>(command.decide(working, &moment, then))
        };
        let mut then = Vec::new();
        let reply = decide(command, &mut then)?;
        let mut following = VecDeque::from(then);
        while let Some(next) = following.pop_front() {
            let mut then = Vec::new();
            decide(&next, &mut then)?;
            following.extend(then);
        }
        Ok(reply)
    }
}

/// Loads until nothing more is needed.
fn see(
    working: &mut Working,
    load: &mut Load<'_>,
    ask: impl Fn(&Working, &mut Needs),
) -> Result<(), StoreError> {
    loop {
        let mut needs = Needs::default();
        ask(working, &mut needs);
        if needs.is_empty() {
            return Ok(());
        }
        load(needs, working)?;
    }
}

/// One transaction of these commands, without a queue.
#[cfg(test)]
pub(crate) fn transact_all<C: Command>(
    engine: &mut impl super::committer::Engine,
    moment: Moment,
    commands: Vec<C>,
) -> Result<Vec<C::Reply>, StoreError> {
    let mut batch = Batch::new(moment, vec![commands], Arc::default());
    engine.transact(&mut batch)?;
    Ok(batch.replies().flatten().collect())
}
