//! ListMembers: what is asked for, and the page that answers it.

use super::read_state;
use crate::api::convert::read;
use crate::api::list::{Order, PageKey, PageRequest, order_by};
use crate::domain::error::{Result, Violations};
use crate::domain::member::{
    BUSINESS_UNIT_CHARS_MAX, Member, MemberFilter, MemberKey, MemberList, MemberOrder,
    PRINCIPAL_CHARS_MAX,
};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::text;
use crate::pb;

const ORDERS: &[(&str, MemberOrder)] =
    &[("name", MemberOrder::Id), ("display_name", MemberOrder::DisplayName)];
const DEFAULT_ORDER: Order<MemberOrder> = Order { by: MemberOrder::Id, descending: false };

/// The list asked for, and the page it has to be answered as.
pub fn list(request: pb::ListMembersRequest) -> Result<(MemberList, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
    let pb::ListMembersRequest {
        page_size: _,
        page_token: _,
        state,
        business_unit: unit,
        manager,
        principal,
        order_by: order,
    } = request;
    let order = violations.keep(order_by(&order, ORDERS)).unwrap_or(DEFAULT_ORDER);
    violations.keep(text::check("business_unit", &unit, 0, BUSINESS_UNIT_CHARS_MAX));
    violations.keep(text::check_key("principal", &principal, 0, PRINCIPAL_CHARS_MAX));
    let filter = MemberFilter {
        state: violations.keep(read::optional_enum("state", state, read_state)).flatten(),
        business_unit: (!unit.is_empty()).then_some(unit),
        manager: violations.keep(read::optional_member("manager", &manager)).flatten(),
        principal: (!principal.is_empty()).then(|| principal.into()),
    };
    let Order { by: order, descending } = order;
    let of = page.of_order(order, &mut violations);
    violations.finish()?;
    Ok((MemberList { filter, order, descending, page: of }, page))
}

impl PageKey for MemberKey {
    type Order = MemberOrder;

    fn write(self) -> Vec<String> {
        match self {
            Self::Id(id) => vec![id],
            Self::DisplayName(name, id) => vec![name.into_exposed(), id],
        }
    }

    fn read(key: &[String], order: MemberOrder) -> Option<Self> {
        match (order, key) {
            (MemberOrder::Id, [id]) => Some(Self::Id(id.clone())),
            (MemberOrder::DisplayName, [name, id]) => {
                Some(Self::DisplayName(Personal::from(name.as_str()), id.clone()))
            }
            (MemberOrder::Id | MemberOrder::DisplayName, _) => None,
        }
    }
}

pub fn page(answer: Page<Member, MemberKey>, request: &PageRequest) -> pb::ListMembersResponse {
    let (members, next_page_token) = request.answer(answer, super::member);
    pb::ListMembersResponse { members, next_page_token }
}
