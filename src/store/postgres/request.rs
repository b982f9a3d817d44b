//! Several statements that go to the server together, and whose answers come back together.

use std::{
    borrow::Cow,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use bytes::BytesMut;
use futures_util::future::{MaybeDone, maybe_done};
use tokio_postgres::{
    Row, Statement,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use super::{failure::Failure, text};
use crate::store::sql::Value;

/// A value of a statement.
pub(super) type Parameter<'p> = Box<dyn ToSql + Sync + Send + 'p>;

/// The values of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(Box::new($value) as $crate::store::postgres::request::Parameter<'_>),*] };
}
pub(super) use values;

/// Statements with their values, in the order in which they are executed.
#[derive(Default)]
pub(super) struct Request<'p> {
    statements: Vec<(Cow<'static, str>, Vec<Parameter<'p>>)>,
}

impl<'p> Request<'p> {
    /// Adds a statement; which of the answers will be its own.
    pub(super) fn add(
        &mut self,
        statement: impl Into<Cow<'static, str>>,
        values: Vec<Parameter<'p>>,
    ) -> usize {
        self.statements.push((statement.into(), values));
        self.statements.len() - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Sends everything, `first` before it and `last` after it, without waiting in between, and returns the rows that
    /// each statement has found. Each is executed only if those before it have been, when they are in a transaction.
    pub(super) async fn send(
        &self,
        client: &deadpool_postgres::Client,
        first: Option<&str>,
        last: Option<&str>,
    ) -> Result<Vec<Vec<Row>>, Failure> {
        // Nothing may have to be prepared when the first statement is on its way, or the order would be lost.
        let mut prepared = Vec::with_capacity(self.statements.len());
        for (statement, values) in &self.statements {
            prepared.push((client.prepare_cached(statement).await?, values));
        }
        let mut sent: Vec<Sending<'_>> = Vec::with_capacity(prepared.len() + 2);
        sent.extend(first.map(|text| simple(client, text)));
        sent.extend(prepared.iter().map(|(statement, values)| query(client, statement, values)));
        sent.extend(last.map(|text| simple(client, text)));
        let mut answers = in_order(sent).await.into_iter();
        // The first failure is the one that the others follow from.
        if first.is_some() {
            answers.next().transpose()?;
        }
        let rows: Vec<_> = answers.by_ref().take(prepared.len()).collect::<Result<_, _>>()?;
        answers.next().transpose()?;
        Ok(rows)
    }
}

type Answer = Result<Vec<Row>, tokio_postgres::Error>;
type Sending<'s> = Pin<Box<dyn Future<Output = Answer> + Send + 's>>;

fn simple<'s>(client: &'s deadpool_postgres::Client, text: &'s str) -> Sending<'s> {
    Box::pin(async move { client.batch_execute(text).await.map(|()| Vec::new()) })
}

fn query<'s>(
    client: &'s deadpool_postgres::Client,
    statement: &'s Statement,
    values: &'s [Parameter<'_>],
) -> Sending<'s> {
    Box::pin(async move {
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
        client.query(statement, &values).await
    })
}

/// Waits for all. Each is begun before the next.
async fn in_order(futures: Vec<Sending<'_>>) -> Vec<Answer> {
    let mut all: Vec<Pin<Box<MaybeDone<Sending<'_>>>>> =
        futures.into_iter().map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        let waiting = all
            .iter_mut()
            .filter_map(|future| future.as_mut().poll(context).is_pending().then_some(()))
            .count();
        if waiting == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    all.iter_mut().filter_map(|future| future.as_mut().take_output()).collect()
}

/// A value goes into a column of its own type.
impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text::stored(text).to_sql(ty, out),
            Self::Number(number) => number.to_sql(ty, out),
            Self::Bool(bool) => bool.to_sql(ty, out),
            Self::Id(id) => uuid::Uuid::from_bytes(*id).to_sql(ty, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
