//! Deliveries with what belongs to them: their chats and the health of their lines.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    Answers, Loader,
    chats::{answer_of, ask_by_id},
    rows_of,
};
use crate::{
    domain::{
        delivery::Delivery,
        ids::{ChatId, Slug},
    },
    store::{
        postgres::{
            failure::Failure,
            request::{Request, values},
            rows::{self, delivery_columns},
            text,
        },
        stored,
        working::{Needs, Working},
    },
};

const BY_ID: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE id = ANY($1::uuid[]) ORDER BY tenant, id FOR UPDATE"
);

const BY_NAME: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries WHERE tenant = $1 AND idempotency_key = ANY($2::text[]) ORDER BY tenant, id FOR UPDATE"
);

const HEALTH: &str = "SELECT line, successes, deliveries FROM line_health
     WHERE tenant = $1 AND line = ANY($2::text[]) ORDER BY line FOR UPDATE";

/// Asks for deliveries; where the answers are.
pub(super) fn ask<'n>(needs: &'n Needs, request: &mut Request<'n>) -> Vec<usize> {
    let mut asked = Vec::new();
    if !needs.deliveries.is_empty() {
        let ids: Vec<Uuid> = needs.deliveries.iter().map(|id| Uuid::from_bytes(*id.as_bytes())).collect();
        asked.push(request.add(BY_ID, values![ids]));
    }
    let mut by_tenant: BTreeMap<&Slug, Vec<Cow<'_, str>>> = BTreeMap::new();
    for (tenant, name) in &needs.idempotency {
        by_tenant.entry(tenant).or_default().push(text::stored(name));
    }
    for (tenant, names) in by_tenant {
        asked.push(request.add(BY_NAME, values![tenant.as_str(), names]));
    }
    asked
}

/// What belongs to the deliveries of one tenant.
#[derive(Default)]
struct Belongings {
    chats: Vec<ChatId>,
    lines: BTreeSet<String>,
}

impl Loader<'_> {
    pub(super) async fn add_deliveries(
        &mut self,
        needs: &Needs,
        asked: &[usize],
        answers: &Answers,
        working: &mut Working,
    ) -> Result<(), Failure> {
        let found = asked.iter().flat_map(|at| rows_of(answers, *at)).map(rows::delivery);
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        // What is in the set already is what it has become there.
        found.retain(|delivery| working.delivery(delivery.id).is_none());
        self.add_belongings(&found, working).await?;
        for delivery in found {
            working.add_delivery(delivery);
        }
        needs.deliveries.iter().for_each(|id| working.add_no_delivery(*id));
        needs.idempotency.iter().for_each(|name| working.add_no_delivery_named(name.clone()));
        Ok(())
    }

    async fn add_belongings(
        &mut self,
        deliveries: &[Delivery],
        working: &mut Working,
    ) -> Result<(), Failure> {
        let mut by_tenant: BTreeMap<&Slug, Belongings> = BTreeMap::new();
        for delivery in deliveries {
            let belongings = by_tenant.entry(&delivery.tenant).or_default();
            belongings.chats.extend(delivery.chat);
            belongings.lines.insert(delivery.line.as_str().to_owned());
        }
        let mut request = Request::default();
        let asked: Vec<_> = by_tenant
            .into_iter()
            .map(|(tenant, Belongings { chats, lines })| {
                let lines: Vec<String> = lines.into_iter().collect();
                let healths = request.add(HEALTH, values![tenant.as_str(), lines]);
                let chats = (!chats.is_empty()).then(|| ask_by_id(tenant, &chats, &mut request));
                (tenant, healths, chats)
            })
            .collect();
        if request.is_empty() {
            return Ok(());
        }
        let answers = self.transaction.ask(request).await?;
        for (tenant, healths, chats) in asked {
            self.add_healths(tenant, rows_of(&answers, healths), working)?;
            self.add_by_id(answer_of(&answers, chats), working)?;
        }
        Ok(())
    }

    fn add_healths(&mut self, tenant: &Slug, found: &[Row], working: &mut Working) -> Result<(), Failure> {
        for row in found {
            let line = stored::number("line_health", "line", rows::get(row, "line")?)?;
            self.loaded.healths.insert((tenant.clone(), line.clone()));
            working.add_health((tenant.clone(), line), rows::health(row)?);
        }
        Ok(())
    }
}
