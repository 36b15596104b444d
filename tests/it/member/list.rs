//! ListMembers, page by page.

use ballast::pb::ListMembersRequest;

use super::*;

async fn list(server: &TestServer, request: ListMembersRequest) -> Result<Vec<String>, Status> {
    let answer = server.accounts().list_members(request).await?.into_inner();
    Ok(ids(&answer.members))
}

fn ids(members: &[Member]) -> Vec<String> {
    members.iter().map(|m| m.name.trim_start_matches("members/").to_owned()).collect()
}

/// All pages, with the size of each.
async fn pages(server: &TestServer, first: ListMembersRequest) -> (Vec<String>, Vec<usize>) {
    let (mut all, mut sizes, mut page_token) = (vec![], vec![], String::new());
    loop {
        let request = ListMembersRequest { page_token, ..first.clone() };
        let answer = server.accounts().list_members(request).await.expect("a page").into_inner();
        all.extend(ids(&answer.members));
        sizes.push(answer.members.len());
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return (all, sizes);
        }
    }
}

/// Six, and the one who is there from the start. Two share a name: then the id decides.
async fn seven(server: &TestServer) {
    for (id, name, unit, manager) in [
        ("a", "delta", "华东", ""),
        ("b", "beta", "华东", "a"),
        ("c", "beta", "华南", "a"),
        ("d", "alpha", "", "b"),
        ("e", "gamma", "华东", "a"),
        ("f", "王芳", "华南", ""),
    ] {
        let manager = if manager.is_empty() { String::new() } else { format!("members/{manager}") };
        let member = Member {
            business_unit: unit.into(),
            manager,
            principals: vec![format!("{id}@example.com"), format!("{name}-{id}")],
            external_refs: vec![external("HR", id)],
            ..named(name)
        };
        create(server, id, member).await.expect("created");
    }
    deactivate(server, "members/c", "x").await.expect("deactivated");
}

fn split(ids: &str) -> Vec<String> {
    ids.split_whitespace().map(String::from).collect()
}

on_both_engines! {
    async fn pages_make_the_whole_list_in_every_order(server: TestServer) {
        seven(&server).await;
        for (order, expected) in [
            ("", "a b c d e f unassigned"),
            ("name", "a b c d e f unassigned"),
            ("name desc", "unassigned f e d c b a"),
        ] {
            for (page_size, sizes) in [(3, vec![3, 3, 1]), (7, vec![7]), (0, vec![7])] {
                let first = ListMembersRequest { page_size, order_by: order.into(), ..Default::default() };
                assert_eq!(pages(&server, first).await, (split(expected), sizes), "{order}");
            }
        }
        // Where capitals stand is the collation's affair.
        let by_name = |order: &str, page_size| ListMembersRequest {
            page_size,
            order_by: order.into(),
            ..Default::default()
        };
        let (up, sizes) = pages(&server, by_name("display_name", 1)).await;
        assert_eq!((up.len(), sizes.len()), (7, 7));
        let (mut down, _) = pages(&server, by_name("display_name desc", 2)).await;
        down.reverse();
        assert_eq!(up, down);
        let lower: Vec<_> = up.iter().filter(|id| id.len() == 1 && *id != "f").collect();
        assert_eq!(lower, ["d", "b", "c", "a", "e"]);
    }

    async fn filters_restrict_together(server: TestServer) {
        seven(&server).await;
        let any = ListMembersRequest::default;
        let unit = |unit: &str| ListMembersRequest { business_unit: unit.into(), ..any() };
        let manager = |name: &str| ListMembersRequest { manager: name.into(), ..any() };
        let principal = |principal: &str| ListMembersRequest { principal: principal.into(), ..any() };
        let active = MemberState::Active.into();
        for (request, expected) in [
            (ListMembersRequest { state: active, ..any() }, "a b d e f unassigned"),
            (ListMembersRequest { state: MemberState::Inactive.into(), ..any() }, "c"),
            (unit("华东"), "a b e"),
            (unit("华"), ""),
            (manager("members/a"), "b c e"),
            (manager("members/HR~a"), "b c e"),
            (manager("members/f"), ""),
            (principal("王芳-f"), "f"),
            (principal("b@example.com"), "b"),
            (principal("nobody"), ""),
            (ListMembersRequest { business_unit: "华东".into(), ..manager("members/a") }, "b e"),
            (ListMembersRequest { state: active, ..manager("members/a") }, "b e"),
            (ListMembersRequest { business_unit: "华南".into(), ..principal("b@example.com") }, ""),
            (ListMembersRequest { order_by: "name desc".into(), ..unit("华东") }, "e b a"),
        ] {
            let found = list(&server, request.clone()).await.expect("listed");
            assert_eq!(found, split(expected), "{request:?}");
        }
        let (found, sizes) = pages(&server, ListMembersRequest { page_size: 2, ..unit("华东") }).await;
        assert_eq!((found, sizes), (split("a b e"), vec![2, 1]));
        let nobody = list(&server, manager("members/none")).await;
        refused(nobody, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn a_token_goes_with_its_own_query_only(server: TestServer) {
        seven(&server).await;
        let first = ListMembersRequest { page_size: 2, ..Default::default() };
        let answer = server.accounts().list_members(first.clone()).await.expect("a page");
        let page_token = answer.into_inner().next_page_token;
        let next = ListMembersRequest { page_token: page_token.clone(), page_size: 3, ..first };
        assert_eq!(list(&server, next.clone()).await.expect("a page"), split("c d e"));
        for other in [
            ListMembersRequest { order_by: "display_name".into(), ..next.clone() },
            ListMembersRequest { business_unit: "华东".into(), ..next.clone() },
            ListMembersRequest { page_token: format!("{page_token}A"), ..next },
        ] {
            let status = list(&server, other).await.expect_err("another query");
            assert_refused(&status, Code::InvalidArgument, "PAGE_TOKEN_INVALID", Some("page_token"));
        }
        let bad = ListMembersRequest {
            page_size: -1,
            order_by: "business_unit".into(),
            state: 9,
            manager: "accounts/a".into(),
            business_unit: "a\nb".into(),
            principal: " a".into(),
            ..Default::default()
        };
        let mut found = fields(&list(&server, bad).await.expect_err("refused"));
        found.sort();
        let expected = [
            ("business_unit", "TEXT_INVALID"),
            ("manager", "RESOURCE_NAME_INVALID"),
            ("order_by", "ORDER_BY_INVALID"),
            ("page_size", "PAGE_SIZE_INVALID"),
            ("principal", "TEXT_INVALID"),
            ("state", "ENUM_INVALID"),
        ];
        assert_eq!(found, expected.map(|(f, r)| (f.to_owned(), r.to_owned())));
    }
}
