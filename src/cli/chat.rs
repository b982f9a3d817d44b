//! `chat`: what the registry knows, for operators.

use anyhow::bail;
use serde_json::{Value, json};

use super::{Context, output};
use crate::{
    domain::{
        chat::Chat,
        event::Word,
        ids::{ChatId, Slug},
    },
    store::query::{ChatFilter, Order, Reader, SeenChat},
};

/// How many chats are read at a time.
const PAGE: u32 = 500;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List chats, newest first.
    List {
        /// Only of this tenant.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<Slug>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one chat with all that is known of it.
    Show {
        /// Its id.
        id: ChatId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(context: &Context, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List { tenant, json } => list(context, tenant.as_ref(), *json),
        Command::Show { id, json } => show(context, *id, *json),
    }
}

fn list(context: &Context, tenant: Option<&Slug>, json: bool) -> anyhow::Result<()> {
    let chats = all(context.reader()?.as_ref(), tenant)?;
    if json {
        return output::json(&json!({"chats": chats.iter().map(summary).collect::<Vec<_>>()}));
    }
    output::table(&HEADER, chats.iter().map(row).collect(), "no chats yet")
}

/// All chats, newest first.
pub(super) fn all(reader: &dyn Reader, tenant: Option<&Slug>) -> anyhow::Result<Vec<Chat>> {
    let mut chats: Vec<Chat> = Vec::new();
    loop {
        let before = chats.last().map(|chat| chat.id);
        let page = reader.list(&ChatFilter {
            tenant: tenant.cloned(),
            line: None,
            conversation: None,
            handle: None,
            is_group: None,
            order: Order::NewestFirst { before },
            limit: PAGE,
        })?;
        if page.is_empty() {
            return Ok(chats);
        }
        chats.extend(page.into_iter().map(|seen| seen.chat));
    }
}

/// The columns of [`row`].
pub(super) const HEADER: [&str; 7] = ["chat id", "tenant", "line", "kind", "name", "people", "status"];

/// A chat as a row of a table.
pub(super) fn row(chat: &Chat) -> Vec<String> {
    vec![
        chat.id.to_string(),
        chat.tenant.to_string(),
        chat.line.to_string(),
        kind(chat).to_owned(),
        chat.state.name().map_or_else(|| "–".to_owned(), |name| shortened(name.as_str())),
        active(chat).to_string(),
        status(chat).to_owned(),
    ]
}

/// A name that leaves room for the other columns.
fn shortened(name: &str) -> String {
    const WIDTH: usize = 32;
    if name.chars().count() <= WIDTH {
        name.to_owned()
    } else {
        name.chars().take(WIDTH - 1).chain(['…']).collect()
    }
}

fn kind(chat: &Chat) -> &'static str {
    match chat.state.is_group() {
        Some(true) => "group",
        Some(false) => "direct",
        None => "unknown",
    }
}

fn status(chat: &Chat) -> &'static str {
    chat.status().as_str()
}

fn active(chat: &Chat) -> usize {
    chat.state.participants().filter(|(_, _, standing)| standing.word == Word::Active).count()
}

fn summary(chat: &Chat) -> Value {
    json!({
        "id": chat.id.to_string(), "tenant": chat.tenant.as_str(), "from": chat.line.as_str(),
        "is_group": chat.state.is_group(), "display_name": chat.state.name().map(super::super::domain::text::DisplayName::as_str),
        "participants": active(chat), "status": status(chat), "version": chat.version,
        "created_at": chat.created_at.to_rfc3339(), "updated_at": chat.updated_at.to_rfc3339(),
    })
}

fn show(context: &Context, id: ChatId, json: bool) -> anyhow::Result<()> {
    let Some(SeenChat { chat, .. }) = context.reader()?.chat(None, id)? else {
        bail!("there is no chat {id}")
    };
    if json {
        return output::json(&detail(&chat));
    }
    let key = chat.state.key().map_or("–", |key| key.as_str());
    output::table(&HEADER, vec![row(&chat)], "")?;
    output::line(format_args!(
        "key      {key}\nicon     {}\nservice  {}\nversion  {}, {} (minted {})",
        chat.state.icon().map_or("–", |icon| icon.as_str()),
        chat.state.service().map_or("–", crate::domain::service::Service::as_str),
        chat.version,
        chat.updated_at.to_rfc3339(),
        chat.created_at.to_rfc3339(),
    ))?;
    let people = chat.state.participants().map(|(handle, person, standing)| {
        vec![
            handle.to_string(),
            person.name().map_or("–", |name| name.as_str()).to_owned(),
            standing.word.as_str().to_owned(),
            standing.since.to_rfc3339(),
        ]
    });
    output::table(&["address", "name", "status", "since"], people.collect(), "no participants known")
}

fn detail(chat: &Chat) -> Value {
    let people = chat.state.participants().map(|(handle, person, standing)| {
        json!({
            "address": handle.as_str(), "display_name": person.name().map(super::super::domain::text::DisplayName::as_str),
            "service": person.service().map(crate::domain::service::Service::as_str),
            "status": standing.word.as_str(), "since": standing.since.to_rfc3339(),
        })
    });
    let mut detail = summary(chat);
    if let Some(fields) = detail.as_object_mut() {
        fields.insert("people".to_owned(), people.collect());
        fields.insert(
            "conversation_key".to_owned(),
            chat.state.key().map(super::super::domain::conversation_key::ConversationKey::as_str).into(),
        );
        fields.insert(
            "group_chat_icon".to_owned(),
            chat.state.icon().map(super::super::domain::text::IconUrl::as_str).into(),
        );
        fields.insert(
            "service".to_owned(),
            chat.state.service().map(crate::domain::service::Service::as_str).into(),
        );
    }
    detail
}
