//! The statement that lists chats.

use super::{
    query::{ChatFilter, Order},
    sql::Value,
};

/// Where the health of a chat's line comes from.
pub(super) const WITH_HEALTH: &str =
    "LEFT JOIN line_health AS health ON health.tenant = chats.tenant AND health.line = chats.line";

/// The statement of a listing that reads `columns`, and its values. Each condition appears only where it is asked for;
/// the few shapes that come of it are each prepared once. The most selective table comes first, and `CROSS JOIN` keeps
/// it there in SQLite, which would rather walk all chats of a tenant in order than sort a few.
pub(super) fn listing(filter: &ChatFilter, columns: &str) -> (String, Vec<Value<'static>>) {
    let mut query = Query { conditions: vec!["chats.merged_into IS NULL".to_owned()], ..Query::default() };
    if let Some(handle) = &filter.handle {
        query.from.push_str("participants AS people CROSS JOIN ");
        query.conditions.push("people.chat_id = chats.id AND people.tenant = chats.tenant".to_owned());
        query.condition("people.address =", handle.as_str().to_owned());
    }
    if let Some(conversation) = &filter.conversation {
        query.from.push_str("conversation_keys AS keys CROSS JOIN ");
        query.conditions.push("keys.chat_id = chats.id AND keys.tenant = chats.tenant".to_owned());
        query.condition("keys.conversation =", conversation.as_str().to_owned());
    }
    if let Some(tenant) = &filter.tenant {
        query.condition("chats.tenant =", tenant.as_str().to_owned());
        if filter.handle.is_some() {
            query.condition("people.tenant =", tenant.as_str().to_owned());
        }
        if filter.conversation.is_some() {
            query.condition("keys.tenant =", tenant.as_str().to_owned());
        }
    }
    if let Some(line) = &filter.line {
        query.condition("chats.line =", line.as_str().to_owned());
    }
    if let Some(is_group) = filter.is_group {
        query.condition("chats.is_group =", is_group);
    }
    let order = query.order(&filter.order);
    let limit = query.value(i64::from(filter.limit));
    let Query { from, conditions, values } = query;
    let conditions = conditions.join(" AND ");
    let statement = format!(
        "SELECT {columns} FROM {from}chats {WITH_HEALTH}
         WHERE {conditions} ORDER BY {order} LIMIT {limit}"
    );
    (statement, values)
}

#[derive(Default)]
struct Query {
    /// The tables before `chats`.
    from: String,
    conditions: Vec<String>,
    values: Vec<Value<'static>>,
}

impl Query {
    fn condition(&mut self, compared: &str, value: impl Into<Value<'static>>) {
        let value = self.value(value);
        self.conditions.push(format!("{compared} {value}"));
    }

    /// The name of a value.
    fn value(&mut self, value: impl Into<Value<'static>>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn order(&mut self, order: &Order) -> &'static str {
        match order {
            Order::NewestFirst { before } => {
                if let Some(before) = before {
                    self.condition("chats.id <", *before.as_bytes());
                }
                "chats.id DESC"
            }
            Order::ByUpdate { since, after } => {
                // The place to go on from bounds the index, too, or each page would begin at the first.
                let from = after.map_or(*since, |(at, _)| at.max(*since));
                self.condition("chats.updated_at >=", from.nanos());
                if let Some((at, id)) = after {
                    let (at, id) = (self.value(at.nanos()), self.value(*id.as_bytes()));
                    self.conditions.push(format!("(chats.updated_at, chats.id) > ({at}, {id})"));
                }
                "chats.updated_at, chats.id"
            }
        }
    }
}
