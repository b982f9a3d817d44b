//! What differs in the headers of Standard Webhooks.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Account, Case, Claim, form, timestamp};
use crate::auth::{
    code::Code,
    standard_webhooks::{ID, MAX_BYTES, MAX_ENTRIES, SIGNATURE, TIMESTAMP, VERSION, code, entries, is_id},
    timestamp::Timestamp,
};

pub(super) fn account<'a>(case: &'a Case<'_>) -> Account<'a> {
    let mut account = Account::default();
    let [id, at, signature] = [ID, TIMESTAMP, SIGNATURE].map(|name| account.header(case.request, name));
    let problem = id.and_then(not_id);
    account.differs.extend(problem.map(|problem| format!("{ID} {problem}")));
    let problem = at.and_then(|at| timestamp::problem(at, case.now));
    account.differs.extend(problem.map(|problem| format!("{TIMESTAMP} {problem}")));
    let right = id.zip(at).and_then(|(id, at)| right_code(case, id, at));
    account.expected =
        right.map(|right| format!("{SIGNATURE}: v1,{}", BASE64_STANDARD.encode(right.bytes())));
    if let Some(signature) = signature {
        account.differs.extend(not_signature(signature));
        account.differs.extend(not_entries(signature, right.as_ref()));
        let codes = entries(signature).map(code_text);
        account.claim = id.zip(at).and_then(|(id, at)| Claim::new(Some(id), at, codes));
    }
    account
}

/// The code that is right, when id and timestamp are what they should be.
fn right_code(case: &Case<'_>, id: &[u8], at: &[u8]) -> Option<Code> {
    let usable = is_id(id) && Timestamp::parse(at).is_some();
    usable.then(|| Code::over(case.secret.keyed(), &[id, at, case.body]))
}

/// What is wrong with each entry of a signature header.
fn not_entries(signature: &[u8], right: Option<&Code>) -> Vec<String> {
    let count = entries(signature).count();
    let sentence = |(place, entry)| {
        let problem = not_entry(entry, right)?;
        Some(format!("{SIGNATURE}, entry {place} of {count}, {problem}"))
    };
    (1..).zip(entries(signature)).take(MAX_ENTRIES).filter_map(sentence).collect()
}

/// What is wrong with an id.
fn not_id(id: &[u8]) -> Option<String> {
    if is_id(id) {
        return None;
    }
    Some(match id.len() {
        0 => "is empty".to_owned(),
        len @ 257.. => format!("has {len} characters, and 256 are allowed"),
        _ => "has other characters than A-Z, a-z, 0-9, '-' and '_'".to_owned(),
    })
}

/// What is wrong with a signature header as a whole.
fn not_signature(signature: &[u8]) -> Option<String> {
    match (entries(signature).count(), signature.len()) {
        (0, _) => Some(format!("{SIGNATURE} is empty")),
        (count, _) if count > MAX_ENTRIES => {
            Some(format!("{SIGNATURE} has {count} entries, and {MAX_ENTRIES} are allowed"))
        }
        (_, bytes) if bytes > MAX_BYTES => {
            Some(format!("{SIGNATURE} has {bytes} bytes, and {MAX_BYTES} are allowed"))
        }
        _ => None,
    }
}

/// The code of an entry: what follows its version.
fn code_text(entry: &[u8]) -> &[u8] {
    entry.splitn(2, |byte| *byte == b',').last().unwrap_or(entry)
}

/// What is wrong with an entry.
fn not_entry(entry: &[u8], right: Option<&Code>) -> Option<String> {
    let Some(text) = entry.strip_prefix(VERSION) else { return Some(not_version(entry)) };
    if let Some(problem) = form::not_base64(text) {
        let beginning = form::leniently(text)
            .is_some_and(|bytes| !bytes.is_empty() && right.is_some_and(|right| begins(right, &bytes)));
        return Some(if beginning { format!("{problem}: it is cut off") } else { problem });
    }
    let matches = code(entry).zip(right).is_none_or(|(code, right)| right.is(&code));
    (!matches).then(|| "does not match".to_owned())
}

fn begins(right: &Code, bytes: &[u8]) -> bool {
    bytes.len() < right.bytes().len() && right.bytes().starts_with(bytes)
}

fn not_version(entry: &[u8]) -> String {
    match entry.iter().position(|byte| *byte == b',').and_then(|comma| entry.split_at_checked(comma)) {
        None => "has no version: v1,<base64> is expected".to_owned(),
        Some((b"V1", _)) => "has its version in upper case: v1 is expected".to_owned(),
        Some((version, _)) => {
            format!("is of version {}, which is skipped: v1 is expected", version.escape_ascii())
        }
    }
}
