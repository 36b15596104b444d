//! UploadTierValues: what accounts are worth by another system, taken whole or not at all.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Tiers, event};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Resource, Result, Violations};
use crate::domain::names::{AccountRef, TIER_VALUE_SETS, named};
use crate::domain::tier::values::{Header, KeepValues, Row, ValueSet};
use crate::store::{Call, WriteTx};

impl Tiers {
    /// Keeps a set of values. `violations` are those of rows that could not be read: they are told
    /// together with what is found out here.
    ///
    /// # Errors
    /// `DATE_INVALID`, `RESOURCE_NOT_FOUND` and `DUPLICATE_ELEMENT` by row,
    /// `RESOURCE_ALREADY_EXISTS`.
    pub async fn upload_values(
        &self,
        ctx: &Ctx,
        header: Option<Header>,
        rows: Vec<Row>,
        mut violations: Violations,
    ) -> Result<ValueSet> {
        let today = ctx.business_date();
        if header.as_ref().is_some_and(|header| header.as_of > today) {
            let what = format!("lies ahead of the business date, {today}");
            violations.add("header.as_of", Reason::DateInvalid, what);
        }
        let refs: Vec<AccountRef> = rows.iter().map(|row| row.account.clone()).collect();
        let found = self.store.find_accounts(ctx, &refs).await?;
        let mut values = BTreeMap::new();
        for Row { field, account, worth } in rows {
            let field = format!("{field}.account");
            let Some(known) = found.get(&account) else {
                violations.add(field, Reason::ResourceNotFound, format!("there is no {account}"));
                continue;
            };
            if values.insert(known.id.clone(), worth).is_some() {
                let what = format!("{account} is an account of a row before");
                violations.add(field, Reason::DuplicateElement, what);
            }
        }
        violations.finish()?;
        let header = header.ok_or_else(|| Error::internal("a header without a fault is known"))?;
        let name = named(TIER_VALUE_SETS, &header.id);
        // The id of the set is what makes it harmless to repeat.
        let call = Call::new("TierService.UploadTierValues", "", name);
        let command = KeepValues { header, values };
        Ok(self.store.mutate(ctx, call, command, keep).await?.into_inner())
    }
}

async fn keep(tx: &mut WriteTx, ctx: &Ctx, c: &KeepValues) -> Result<ValueSet> {
    let json = serde_json::to_vec(c);
    let json = json.map_err(|e| Error::internal(format!("values cannot be encoded: {e}")))?;
    let digest = Sha256::digest(json).to_vec();
    tx.lock_tiers().await?;
    let Header { id, as_of, currency } = c.header.clone();
    if let Some(set) = tx.tier_value_set(&id).await? {
        if set.digest == digest {
            return Ok(set);
        }
        let name = set.name();
        return Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: format!("there is {name} with other content; sets are never changed"),
            resource: Resource { kind: "tierValueSet", name },
        });
    }
    let set = ValueSet {
        id,
        as_of,
        currency,
        accounts: c.values.len() as i64,
        digest,
        created_by: ctx.principal.to_string(),
        recorded_us: tx.recorded_at().await?,
    };
    tx.add_tier_values(&set, &c.values).await?;
    tx.publish(vec![event::uploaded(&set)]).await?;
    Ok(set)
}
