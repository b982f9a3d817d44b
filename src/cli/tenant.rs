//! `tenant`: the accounts that own lines.

use serde_json::json;

use super::{Context, output};
use crate::{
    cli::relay::Overlap,
    clock,
    domain::{ids::Slug, secret::SigningSecret},
    store::{admin::Owner, upkeep::Upkeep},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a tenant. Its signing secret is shown this once.
    Add {
        /// Its name: a-z, 0-9, '-' and '_'.
        slug: Slug,
        /// A bearer alone is not enough: callers must also say which tenant they mean.
        #[arg(long)]
        multi_tenant: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List all tenants.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a tenant a new secret, shown this once.
    RotateSecret {
        /// Its name.
        slug: Slug,
        /// How long the old secret goes on being valid, such as 24h or 30m.
        #[arg(long, value_name = "TIME", default_value = "0s")]
        overlap: Overlap,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Refuse a tenant on the API. Its lines' events are still taken.
    Suspend {
        /// Its name.
        slug: Slug,
    },
    /// Let a suspended tenant in again.
    Resume {
        /// Its name.
        slug: Slug,
    },
}

pub(super) fn run(context: &Context, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, multi_tenant, json } => {
            let secret = SigningSecret::from_random(clock::random());
            context.admin(Upkeep::Create)?.add_tenant(slug, *multi_tenant, &secret)?;
            output::secret(("tenant", slug), ("signing_secret", &secret), *json)
        }
        Command::List { json } => list(context, *json),
        Command::RotateSecret { slug, overlap, json } => {
            let secret = SigningSecret::from_random(clock::random());
            let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
            admin.rotate_secret(Owner::Tenant, slug, &secret, overlap.0)?;
            output::secret(("tenant", slug), ("signing_secret", &secret), *json)
        }
        Command::Suspend { slug } => {
            context.admin(Upkeep::LeaveAsItIs)?.set_suspended(slug, true)?;
            output::line(format_args!("tenant {slug} is suspended"))
        }
        Command::Resume { slug } => {
            context.admin(Upkeep::LeaveAsItIs)?.set_suspended(slug, false)?;
            output::line(format_args!("tenant {slug} is let in again"))
        }
    }
}

fn list(context: &Context, json: bool) -> anyhow::Result<()> {
    let directory = context.admin(Upkeep::LeaveAsItIs)?.directory()?;
    let lines_of = |slug: &Slug| directory.lines().iter().filter(|line| line.tenant == *slug).count();
    if json {
        let tenants: Vec<_> = directory
            .tenants()
            .iter()
            .map(|tenant| {
                json!({
                    "tenant": tenant.slug.as_str(), "multi_tenant": tenant.multi_tenant,
                    "suspended": tenant.suspended, "lines": lines_of(&tenant.slug),
                    "created_at": tenant.created_at.to_rfc3339(),
                })
            })
            .collect();
        return output::json(&json!({"tenants": tenants}));
    }
    let row = |tenant: &&crate::store::directory::Tenant| {
        vec![
            tenant.slug.to_string(),
            (if tenant.suspended { "suspended" } else { "active" }).to_owned(),
            (if tenant.multi_tenant { "yes" } else { "no" }).to_owned(),
            lines_of(&tenant.slug).to_string(),
            tenant.created_at.to_rfc3339(),
        ]
    };
    output::table(
        &["tenant", "status", "multi-tenant", "lines", "added"],
        directory.tenants().iter().map(row).collect(),
        "no tenants yet: chert-groups tenant add SLUG",
    )
}
