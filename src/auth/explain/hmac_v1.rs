//! What differs in `x-chert-signature`.

use super::{Account, Case, Claim, form, timestamp};
use crate::auth::{
    code::{Code, from_hex},
    hmac_v1::SIGNATURE,
    timestamp::Timestamp,
};

pub(super) fn account<'a>(case: &'a Case<'_>) -> Account<'a> {
    let mut account = Account::default();
    let parts = account.header(case.request, SIGNATURE).map(|header| header.splitn(3, |byte| *byte == b','));
    let parts: Option<Vec<&[u8]>> = parts.map(Iterator::collect);
    match parts.as_deref() {
        None => account.expected = Some(expected(case, case.now.seconds().to_string().as_bytes()).0),
        Some([version, at, code]) => look_at(&mut account, case, [version, at, code]),
        Some(_) => {
            account.differs.push(format!("{SIGNATURE} is not of three parts: v1,<unix seconds>,<hex>"));
        }
    }
    account
}

fn look_at<'a>(account: &mut Account<'a>, case: &Case<'_>, [version, at, code]: [&'a [u8]; 3]) {
    if version != b"v1" {
        account.differs.push(format!("{SIGNATURE} is of version {}: v1 is expected", version.escape_ascii()));
    }
    let problem = timestamp::problem(at, case.now);
    account.differs.extend(problem.map(|problem| format!("the time in {SIGNATURE} {problem}")));
    account.differs.extend(form::not_hex(code).map(|problem| format!("the code in {SIGNATURE} {problem}")));
    if Timestamp::parse(at).is_some() {
        let (header, right) = expected(case, at);
        account.expected = Some(header);
        if from_hex(code).is_some_and(|code| !right.is(&code)) {
            account.differs.push(format!("the code in {SIGNATURE} does not match"));
        }
    }
    account.claim = Claim::new(None, at, [code]);
}

fn expected(case: &Case<'_>, at: &[u8]) -> (String, Code) {
    let code = Code::over(case.secret.keyed(), &[at, case.body]);
    (format!("{SIGNATURE}: v1,{},{}", at.escape_ascii(), code.to_hex()), code)
}
