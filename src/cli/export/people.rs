//! Accounts, our people and teams.

use super::book::{Book, each_page};
use super::sheet::{Cells, Sheet, choice, written};
use crate::cli::import::Kind;
use crate::pb;

const BLOCKED: &str = "blocked, which no column says";
const EARLIER_SIZES: &str = "of other sizes on other days, which no column says";
const MORE_KEYS: &str = "more keys than the one that the file has";
const PARENT_GONE: &str = "the account above was deleted: not named";
const INACTIVE: &str = "deactivated, which no column says";
const NAMES_SOMEBODY_GONE: &str = "names what was deleted or erased: left out";

pub(super) async fn accounts(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "account_id",
        "display_name",
        "legal_name",
        "region_code",
        "tax_id",
        "parent_id",
        "related_party",
        "industry_code",
        "sales_region",
        "party_kind",
        "size_class",
        "sites",
        "former_names",
        "labels",
    ];
    let mut sheet = Sheet::new(Kind::Accounts, columns);
    each_page!(book, accounts.list_accounts(pb::ListAccountsRequest::default()), |page| {
        book.learn(page.accounts.iter().flat_map(|of| [&of.name, &of.parent])).await?;
        for account in &page.accounts {
            account_row(book, &mut sheet, account)?;
        }
    });
    Ok(sheet)
}

fn account_row(book: &Book, sheet: &mut Sheet, account: &pb::Account) -> Result<(), String> {
    let name = account.name.as_str();
    let Some(key) = book.key(name) else { return Ok(()) };
    let parent = book.if_named(&account.parent);
    let told = &mut sheet.told;
    told.add_if(parent.is_none(), PARENT_GONE, name);
    told.add_if(account.state() == pb::AccountState::Blocked, BLOCKED, name);
    told.add_if(account.size_classes.len() > 1, EARLIER_SIZES, name);
    told.add_if(account.external_refs.len() > 1, MORE_KEYS, name);
    let cells = Cells::default()
        .key("account_id", key)
        .text("display_name", &account.display_name)
        .text("legal_name", &account.legal_name)
        .word("region_code", &account.region_code)
        .text("tax_id", &account.tax_id)
        .word("parent_id", parent.unwrap_or_default())
        .word("related_party", if account.related_party { "yes" } else { "" })
        .text("industry_code", &account.industry_code)
        .text("sales_region", &account.sales_region)
        .choice("party_kind", account.party_kind().as_str_name(), "PARTY_KIND_")
        .choice("size_class", account.size_class().as_str_name(), "SIZE_CLASS_")
        .parts("sites", account.sites.iter().map(site).collect())
        .parts("former_names", account.former_names.clone())
        .labels("labels", &account.labels);
    sheet.row(name, &[&key.system, &key.id], cells)
}

/// `site_id=name@region`; a name with an `@` in it has one behind it in any case.
fn site(site: &pb::Site) -> String {
    let pb::Site { site_id, display_name, region } = site;
    match region.is_empty() && !display_name.contains('@') {
        true => format!("{site_id}={display_name}"),
        false => format!("{site_id}={display_name}@{region}"),
    }
}

pub(super) async fn members(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "member_id",
        "display_name",
        "manager_id",
        "business_unit",
        "principals",
        "negotiation",
        "product",
        "responsibility",
        "resources",
        "executive",
    ];
    let mut sheet = Sheet::new(Kind::Members, columns);
    each_page!(book, accounts.list_members(pb::ListMembersRequest::default()), |page| {
        book.learn(page.members.iter().flat_map(|of| [&of.name, &of.manager])).await?;
        for member in &page.members {
            // He is there in every database, from its start.
            if member.create_time.is_some() {
                member_row(book, &mut sheet, member)?;
            }
        }
    });
    Ok(sheet)
}

fn member_row(book: &Book, sheet: &mut Sheet, member: &pb::Member) -> Result<(), String> {
    let name = member.name.as_str();
    let Some(key) = book.key(name) else { return Ok(()) };
    sheet.told.add_if(member.state() == pb::MemberState::Inactive, INACTIVE, name);
    sheet.told.add_if(member.external_refs.len() > 1, MORE_KEYS, name);
    let rated = member.competencies.unwrap_or_default();
    let rating = |of: i32| if of == 0 { String::new() } else { of.to_string() };
    let cells = Cells::default()
        .key("member_id", key)
        .text("display_name", &member.display_name)
        .word("manager_id", book.if_named(&member.manager).unwrap_or_default())
        .text("business_unit", &member.business_unit)
        .parts("principals", member.principals.clone())
        .word("negotiation", rating(rated.negotiation))
        .word("product", rating(rated.product))
        .word("responsibility", rating(rated.responsibility))
        .word("resources", rating(rated.resources))
        .word("executive", if member.executive { "yes" } else { "" });
    sheet.row(name, &[&key.system, &key.id], cells)
}

pub(super) async fn teams(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "account_id",
        "member_id",
        "role",
        "valid_from",
        "valid_to",
        "reason",
        "site",
        "cost_per_day",
        "currency",
    ];
    let mut sheet = Sheet::new(Kind::Teams, columns);
    each_page!(book, accounts.list_accounts(pb::ListAccountsRequest::default()), |page| {
        book.learn(page.accounts.iter().map(|of| &of.name)).await?;
        for account in &page.accounts {
            team(book, &mut sheet, &account.name).await?;
        }
    });
    Ok(sheet)
}

async fn team(book: &mut Book, sheet: &mut Sheet, account: &str) -> Result<(), String> {
    let request = pb::ListTeamMembersRequest { parent: account.to_owned(), ..Default::default() };
    each_page!(book, accounts.list_team_members(request), |page| {
        book.learn(page.team_members.iter().map(|of| &of.member)).await?;
        for of in &page.team_members {
            let [first, last] = [of.valid_from, of.valid_to].map(|day| day.map(written));
            // One that never held is none.
            if last.as_ref().is_some_and(|last| first.as_ref() > Some(last)) {
                continue;
            }
            let named = book.named(account).zip(book.named(&of.member));
            let Some((account, member)) = named else {
                sheet.told.add(NAMES_SOMEBODY_GONE, &of.name);
                continue;
            };
            let role = choice(of.role().as_str_name(), "TEAM_ROLE_");
            let first = first.unwrap_or_default();
            let cells = Cells::default()
                .word("account_id", &account)
                .word("member_id", &member)
                .word("role", &role)
                .word("valid_from", &first)
                .day("valid_to", of.valid_to)
                .lines("reason", &of.reason)
                .word("site", &of.site)
                .money("cost_per_day", of.cost_per_day.as_ref());
            sheet.row(&of.name, &[&account, &first, &role, &member, &of.site], cells)?;
        }
    });
    Ok(())
}
