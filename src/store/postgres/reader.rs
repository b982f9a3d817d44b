//! Look-ups.

use std::borrow::Cow;

use deadpool_postgres::Client;
use futures_util::{StreamExt, pin_mut};
use tokio_postgres::{IsolationLevel, Row};
use uuid::Uuid;

use super::{
    failure::{Failure, Pace},
    link::Link,
    parked,
    request::{Parameter, Request, values},
    rows::{self, SEEN_COLUMNS},
    text,
    ticks::Ticks,
};
use crate::{
    domain::{
        conversation_key::Conversation,
        ids::{ChatId, Slug},
        parking::Usage,
        phone::PhoneNumber,
        report::RowNumber,
    },
    store::{
        StoreError,
        directory::{Directory, Place, Places},
        directory_rows::{
            DirectoryRows, LINES, LineRow, RELAYS, RelayRow, SECRETS, SecretRow, TENANTS, TenantRow,
        },
        listing::{WITH_HEALTH, listing},
        query::{ChatFilter, Counts, Order, Reader, SeenChat},
        stored,
    },
};

/// Looks things up in a database.
pub struct PostgresReader {
    link: Link,
    ticks: Ticks,
}

impl PostgresReader {
    /// A reader over connections that [`super::schema::open`] made, of chats with such time stamps.
    #[must_use]
    pub const fn new(link: Link, ticks: Ticks) -> Self {
        Self { link, ticks }
    }
}

/// Asking questions of a database.
pub(super) trait Reading {
    /// The rows that each statement of a request finds, one after the other. A connection that is gone is replaced, once
    /// or twice.
    fn answers(&self, request: Request<'static>) -> Result<Vec<Vec<Row>>, StoreError>;

    /// The rows that one statement finds.
    fn rows(
        &self,
        statement: impl Into<Cow<'static, str>>,
        values: Vec<Parameter<'static>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut request = Request::default();
        request.add(statement, values);
        Ok(self.answers(request)?.pop().unwrap_or_default())
    }
}

impl Reading for Link {
    fn answers(&self, request: Request<'static>) -> Result<Vec<Vec<Row>>, StoreError> {
        let link = self.clone();
        self.wait(async move {
            let mut pace = Pace::new();
            loop {
                let client = link.connection().await?;
                match request.send(&client, None, None).await {
                    Ok(found) => return Ok(found),
                    Err(failure) => {
                        drop(Client::take(client));
                        tokio::time::sleep(pace.pause(failure)?).await;
                    }
                }
            }
        })
    }
}

/// The rows that a statement finds, and how many it touches.
pub(super) async fn query(
    client: &Client,
    statement: &str,
    values: &[Parameter<'_>],
) -> Result<(Vec<Row>, u64), Failure> {
    let prepared = client.prepare_cached(statement).await?;
    let values = values.iter().map(|value| &**value as &(dyn tokio_postgres::types::ToSql + Sync));
    let stream = client.query_raw(&prepared, values.collect::<Vec<_>>()).await?;
    pin_mut!(stream);
    let mut found = Vec::new();
    while let Some(row) = stream.next().await {
        found.push(row?);
    }
    Ok((found, stream.rows_affected().unwrap_or(0)))
}

impl Reader for PostgresReader {
    fn chat(&self, tenant: Option<&Slug>, id: ChatId) -> Result<Option<SeenChat>, StoreError> {
        let id = Uuid::from_bytes(*id.as_bytes());
        let found = match tenant {
            Some(tenant) => self.link.rows(
                format!(
                    "SELECT {SEEN_COLUMNS} FROM chats {WITH_HEALTH} WHERE chats.tenant = $1 AND chats.id =
                         (SELECT coalesce(merged_into, id) FROM chats WHERE tenant = $1 AND id = $2)"
                ),
                values![tenant.as_str().to_owned(), id],
            )?,
            None => self.link.rows(
                format!(
                    "SELECT {SEEN_COLUMNS} FROM chats {WITH_HEALTH} WHERE chats.id =
                         (SELECT coalesce(merged_into, id) FROM chats WHERE id = $1)"
                ),
                values![id],
            )?,
        };
        Ok(found.first().map(rows::seen).transpose()?)
    }

    fn list(&self, filter: &ChatFilter) -> Result<Vec<SeenChat>, StoreError> {
        let mut request = Request::default();
        let follows = matches!(filter.order, Order::ByUpdate { .. });
        let horizon = follows.then(|| self.ticks.ask_horizon(&mut request)).flatten();
        let (statement, values) = listing(filter, SEEN_COLUMNS);
        let values = values.into_iter().map(|value| Box::new(value) as Parameter<'static>).collect();
        let chats = request.add(statement, values);
        let answers = self.link.answers(request)?;
        let answer = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
        let mut chats: Vec<SeenChat> = answer(chats).iter().map(rows::seen).collect::<Result<_, _>>()?;
        if let Some(at) = horizon {
            let horizon = self.ticks.horizon(answer(at))?;
            chats.retain(|seen| horizon.shows(seen));
        }
        Ok(chats)
    }

    fn everywhere(
        &self,
        tenant: &Slug,
        conversation: &Conversation,
        limit: usize,
    ) -> Result<Vec<ChatId>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.link.rows(
            "SELECT chat_id FROM conversation_keys WHERE tenant = $1 AND conversation = $2
             ORDER BY chat_id DESC LIMIT $3",
            values![tenant.as_str().to_owned(), text::stored(conversation.as_str()).into_owned(), limit],
        )?;
        Ok(found.iter().map(|row| rows::chat_id(row, "chat_id")).collect::<Result<_, _>>()?)
    }

    fn resolve(
        &self,
        tenant: &Slug,
        line: &PhoneNumber,
        conversations: &[Conversation],
    ) -> Result<Vec<Option<ChatId>>, StoreError> {
        let texts: Vec<String> =
            conversations.iter().map(|known| text::stored(known.as_str()).into_owned()).collect();
        let found = self.link.rows(
            "SELECT w.number, keys.chat_id FROM unnest($3::text[]) WITH ORDINALITY AS w (conversation, number)
             JOIN conversation_keys AS keys
                 ON keys.tenant = $1 AND keys.conversation = w.conversation AND keys.line = $2",
            values![tenant.as_str().to_owned(), line.as_str().to_owned(), texts],
        )?;
        let mut ids = vec![None; conversations.len()];
        for row in &found {
            let place = usize::try_from(rows::count(row, "number")?.saturating_sub(1)).unwrap_or(usize::MAX);
            if let Some(id) = ids.get_mut(place) {
                *id = Some(rows::chat_id(row, "chat_id")?);
            }
        }
        Ok(ids)
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        let found = self
            .link
            .rows("SELECT name, sum(value)::int8 AS value FROM counters GROUP BY name", Vec::new())?;
        let mut counts = Counts { chats: 0, receipts: 0 };
        for row in &found {
            match rows::get::<&str>(row, "name")? {
                "chats" => counts.chats = rows::count(row, "value")?,
                "receipts" => counts.receipts = rows::count(row, "value")?,
                _ => {}
            }
        }
        Ok(counts)
    }

    fn parking(&self) -> Result<Vec<(Slug, Usage)>, StoreError> {
        Ok(parked::usages(&self.link.rows(parked::USAGES, Vec::new())?)?)
    }

    fn awaited_lines(&self, relay: &Slug) -> Result<Vec<Option<PhoneNumber>>, StoreError> {
        let found = self.link.rows(
            "SELECT DISTINCT line FROM parked WHERE relay = $1 AND tenant IS NULL",
            values![relay.as_str().to_owned()],
        )?;
        let line = |row| {
            let line: Option<&str> = rows::get(row, "line")?;
            Ok(line.map(|line| stored::number("parked", "line", line)).transpose()?)
        };
        Ok(found.iter().map(line).collect::<Result<_, Failure>>()?)
    }

    fn known_meanwhile(
        &self,
        relay: &Slug,
        places: &Places,
    ) -> Result<Vec<(Conversation, Vec<Place>)>, StoreError> {
        let (tenants, lines): (Vec<String>, Vec<String>) = places
            .all()
            .iter()
            .map(|place| (place.tenant.as_str().to_owned(), place.line.as_str().to_owned()))
            .unzip();
        let found = self.link.rows(
            "SELECT awaited.conversation, keys.tenant, keys.line
             FROM (SELECT DISTINCT conversation FROM parked WHERE relay = $1 AND line IS NULL) AS awaited
             JOIN unnest($2::text[], $3::text[]) AS w (tenant, line) ON TRUE
             JOIN conversation_keys AS keys ON keys.tenant = w.tenant
                 AND keys.conversation = awaited.conversation AND keys.line = w.line
             ORDER BY awaited.conversation, keys.tenant, keys.line",
            values![relay.as_str().to_owned(), tenants, lines],
        )?;
        let mut known: Vec<(Conversation, Vec<Place>)> = Vec::new();
        for row in &found {
            let conversation = Conversation::from_canonical(&rows::any_text(row, "conversation")?);
            let tenant = stored::slug("conversation_keys", "tenant", rows::get(row, "tenant")?)?;
            let line = stored::number("conversation_keys", "line", rows::get(row, "line")?)?;
            let place = places.find(&tenant, &line).cloned();
            match known.last_mut().filter(|(last, _)| *last == conversation) {
                Some((_, lines)) => lines.extend(place),
                None => known.push((conversation, place.into_iter().collect())),
            }
        }
        Ok(known)
    }

    fn owners_known_meanwhile(&self, relay: &Slug) -> Result<Vec<RowNumber>, StoreError> {
        let found = self.link.rows(
            "SELECT DISTINCT parked.number FROM parked
             JOIN row_numbers ON row_numbers.relay = parked.relay AND row_numbers.number = parked.number
             WHERE parked.relay = $1",
            values![relay.as_str().to_owned()],
        )?;
        Ok(found.iter().map(|row| rows::get(row, "number").map(RowNumber)).collect::<Result<_, _>>()?)
    }

    fn directory_revision(&self) -> Result<u64, StoreError> {
        let found = self.link.rows(REVISION, Vec::new())?;
        Ok(revision(&found)?)
    }

    fn directory(&self) -> Result<Directory, StoreError> {
        directory(&self.link)
    }
}

const REVISION: &str = "SELECT value FROM meta WHERE name = 'directory_revision'";

fn revision(found: &[Row]) -> Result<u64, Failure> {
    let row = found.first().ok_or_else(|| StoreError::damaged("meta", "name", "no directory_revision"))?;
    rows::count(row, "value")
}

/// The directory, all of it as of one revision.
pub(super) fn directory(link: &Link) -> Result<Directory, StoreError> {
    let asked = link.clone();
    let rows = link.wait(async move {
        let mut client = asked.connection().await?;
        let snapshot =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let snapshot = snapshot.start().await?;
        let mut answers = Vec::new();
        for statement in [REVISION, TENANTS, RELAYS, LINES, SECRETS] {
            answers.push(snapshot.query(statement, &[]).await?);
        }
        snapshot.commit().await?;
        Ok(answers)
    })?;
    let [meta, tenants, relays, lines, secrets] = rows.as_slice() else {
        return Err(StoreError::Unavailable("the directory did not come whole".to_owned()));
    };
    let rows = DirectoryRows {
        revision: revision(meta)?,
        tenants: all(tenants, tenant)?,
        relays: all(relays, relay)?,
        lines: all(lines, line)?,
        secrets: all(secrets, secret)?,
    };
    rows.read()
}

fn all<T>(found: &[Row], read: impl Fn(&Row) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    found.iter().map(read).collect()
}

fn tenant(row: &Row) -> Result<TenantRow, Failure> {
    Ok(TenantRow {
        slug: rows::get(row, "slug")?,
        multi_tenant: rows::get(row, "multi_tenant")?,
        suspended: rows::get(row, "suspended")?,
        created_at: rows::get(row, "created_at")?,
    })
}

fn relay(row: &Row) -> Result<RelayRow, Failure> {
    Ok(RelayRow {
        slug: rows::get(row, "slug")?,
        kind: rows::get(row, "kind")?,
        url: rows::get(row, "url")?,
        password: rows::get::<Option<&str>>(row, "password")?.map(|stored| text::read(stored).into_owned()),
        lost_line: rows::get(row, "lost_line")?,
        created_at: rows::get(row, "created_at")?,
    })
}

fn line(row: &Row) -> Result<LineRow, Failure> {
    Ok(LineRow {
        number: rows::get(row, "number")?,
        tenant: rows::get(row, "tenant")?,
        relay: rows::get(row, "relay")?,
        active: rows::get(row, "active")?,
        once_anothers: rows::get(row, "once_anothers")?,
        created_at: rows::get(row, "created_at")?,
    })
}

fn secret(row: &Row) -> Result<SecretRow, Failure> {
    Ok(SecretRow {
        owner_kind: rows::get(row, "owner_kind")?,
        owner: rows::get(row, "owner")?,
        secret: rows::get(row, "secret")?,
        expires_at: rows::get(row, "expires_at")?,
    })
}
