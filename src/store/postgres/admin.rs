//! Administration of a database.

use std::{sync::Arc, thread};

use deadpool_postgres::Client;
use tokio_postgres::Row;

use super::{
    failure::{Failure, Pace},
    link::Link,
    parked,
    reader::{self, Reading},
    request::{Parameter, values},
};
use crate::{
    domain::{ids::Slug, parking::Usage},
    store::{
        StoreError,
        admin::{Act, AdminError, AdminStore, Transaction},
        directory::Directory,
        parked::Backlog,
        sql::Value,
    },
};

impl AdminStore for Link {
    fn change(&mut self, act: &mut Act<'_>) -> Result<(), AdminError> {
        let mut pace = Pace::new();
        loop {
            let mut change = Change { link: self.clone(), client: None, failure: None };
            let made = change.begin().and_then(|()| act(&mut change)).and_then(|()| change.commit());
            let Some(failure) = change.close(made.is_ok()) else { return made };
            thread::sleep(pace.pause(failure)?);
        }
    }

    fn directory(&mut self) -> Result<Directory, StoreError> {
        reader::directory(self)
    }

    fn parking(&mut self) -> Result<Vec<(Slug, Usage)>, StoreError> {
        Ok(parked::usages(&self.rows(parked::USAGES, Vec::new())?)?)
    }

    fn backlog(&mut self, relay: &Slug) -> Result<Vec<Backlog>, StoreError> {
        let found = self.rows(parked::BACKLOG, values![relay.as_str().to_owned()])?;
        Ok(parked::backlog(&found)?)
    }
}

/// A change that is being made, and why it must be begun anew.
struct Change {
    link: Link,
    client: Option<Arc<Client>>,
    failure: Option<Failure>,
}

impl Change {
    fn begin(&mut self) -> Result<(), AdminError> {
        let link = self.link.clone();
        let begun = self.link.wait(async move {
            let client = link.connection().await?;
            client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            Ok(Arc::new(client))
        });
        self.client = Some(begun?);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), AdminError> {
        let client = self.client.clone();
        Ok(self.noting(async move {
            match client {
                Some(client) => Ok(client.batch_execute("COMMIT").await?),
                None => Err(Failure::lost("no connection")),
            }
        })?)
    }

    /// Runs something, and remembers why the whole change is to be begun anew if it is.
    fn noting<T: Send + 'static>(
        &mut self,
        task: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let outcome = self.link.wait(async move { Ok(task.await) })?;
        outcome.map_err(|failure| {
            let told = StoreError::Unavailable(failure.told());
            match failure {
                conflict @ Failure::Conflict(_) => self.failure = Some(conflict),
                Failure::Lost(_) | Failure::Refused(_) => {}
            }
            told
        })
    }

    fn rows(&mut self, statement: &str, values: &[Value<'_>]) -> Result<(Vec<Row>, u64), StoreError> {
        let (client, statement) = (self.client.clone(), statement.to_owned());
        let values: Vec<Parameter<'static>> =
            values.iter().map(|value| Box::new(value.to_owned_value()) as Parameter<'static>).collect();
        self.noting(async move {
            let client = client.ok_or_else(|| Failure::lost("no connection"))?;
            reader::query(&client, &statement, &values).await
        })
    }

    /// Ends it; why it is to be begun anew, if it is. A connection in the middle of a change is closed.
    fn close(self, is_done: bool) -> Option<Failure> {
        if !is_done && let Some(client) = self.client.and_then(Arc::into_inner) {
            drop(Client::take(client));
        }
        self.failure
    }
}

impl Transaction for Change {
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        let (_, touched) = self.rows(statement, values)?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    fn find(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Option<String>, StoreError> {
        let (found, _) = self.rows(statement, values)?;
        let text = found.first().map(|row| row.try_get(0)).transpose();
        text.map_err(|why| StoreError::Broken(why.to_string()))
    }
}
