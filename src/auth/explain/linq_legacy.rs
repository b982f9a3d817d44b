//! What differs in Linq's older headers.

use super::{Account, Case, Claim, form, timestamp};
use crate::auth::{
    code::{Code, from_hex},
    linq_legacy::{SIGNATURE, TIMESTAMP},
    timestamp::Timestamp,
};

pub(super) fn account<'a>(case: &'a Case<'_>) -> Account<'a> {
    let mut account = Account::default();
    let at = account.header(case.request, TIMESTAMP);
    let code = account.header(case.request, SIGNATURE);
    let problem = at.and_then(|at| timestamp::problem(at, case.now));
    account.differs.extend(problem.map(|problem| format!("{TIMESTAMP} {problem}")));
    let problem = code.and_then(form::not_hex);
    account.differs.extend(problem.map(|problem| format!("{SIGNATURE} {problem}")));
    if let Some(at) = at.filter(|at| Timestamp::parse(at).is_some()) {
        let right = Code::over(case.secret.keyed_by_text(), &[at, case.body]);
        account.expected = Some(format!("{SIGNATURE}: {}", right.to_hex()));
        if code.and_then(from_hex).is_some_and(|code| !right.is(&code)) {
            account.differs.push(format!("{SIGNATURE} does not match"));
        }
    }
    account.claim = at.zip(code).and_then(|(at, code)| Claim::new(None, at, [code]));
    account
}
