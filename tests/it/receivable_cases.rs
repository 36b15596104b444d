//! Numeric acceptance cases that other systems assert in their own tests (ERPNext, Odoo, Tryton,
//! Dynamics). Day 0 is the day every test begins on. Where our rule differs, the test says so.

use ballast::pb;

use crate::support::ledger::*;

fn row(no: &str, due: &str, open: &str) -> (String, String, String) {
    (no.into(), due.into(), open.into())
}

on_both_engines! {
    async fn ar_01_a_payment_fills_instalments_oldest_due_first(server: TestServer) {
        let mut desk = Desk::new(&server);
        let parts = [(day(30), "30.00"), (day(60), "50.00"), (day(90), "20.00")];
        desk.post([invoice("I1", day(0), "100.00", &parts)]).await;
        assert_eq!(
            desk.open(day(0)).await,
            [
                row("I1", "2019-07-30", "30.00"),
                row("I1", "2019-08-29", "50.00"),
                row("I1", "2019-09-28", "20.00"),
            ]
        );
        desk.post([receipt("R1", day(0), "40.00").settles("I1")]).await;
        assert_eq!(
            desk.open(day(0)).await,
            [row("I1", "2019-08-29", "40.00"), row("I1", "2019-09-28", "20.00")]
        );
        // The source leaves the whole return open beside the invoice (60 and -100). Here a
        // credit note that names its invoice reduces it, and only what is left stays open; the
        // customer's total is the same.
        desk.post([document(pb::DocumentKind::CreditNote, "C1", day(0), "100.00").settles("I1")])
            .await;
        assert_eq!(desk.open_of("I1", day(0)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("C1", day(0)).await, ["-40.00"]);
        assert_eq!(desk.balance(day(0)).await, "-40.00");
    }

    async fn ar_02_a_credit_note_reduces_its_invoice(server: TestServer) {
        let mut desk = Desk::new(&server);
        let parts = [(day(30), "30.00"), (day(60), "50.00"), (day(90), "20.00")];
        desk.post([
            invoice("I1", day(0), "100.00", &parts),
            document(pb::DocumentKind::CreditNote, "C1", day(0), "100.00").settles("I1"),
        ])
        .await;
        assert_eq!(desk.open(day(0)).await, []);
        let parts = [(day(30), "60.00"), (day(60), "100.00"), (day(90), "40.00")];
        desk.post([
            invoice("I2", day(0), "200.00", &parts),
            receipt("R2", day(0), "40.00").settles("I2"),
        ])
        .await;
        assert_eq!(desk.open_of("I2", day(0)).await, ["20.00", "100.00", "40.00"]);
        desk.post([document(pb::DocumentKind::CreditNote, "C2", day(0), "100.00").settles("I2")])
            .await;
        assert_eq!(desk.open_of("I2", day(0)).await, ["20.00", "40.00"]);
        assert_eq!(desk.balance(day(0)).await, "60.00");
    }

    async fn ar_03_a_credit_note_left_unapplied_is_an_open_item_of_its_own(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            invoice("I1", day(-1), "100.00", &[(day(-1), "100.00")]),
            receipt("R1", day(0), "40.00").settles("I1"),
            document(pb::DocumentKind::CreditNote, "C1", day(0), "100.00"),
        ])
        .await;
        assert_eq!(desk.open_of("I1", day(0)).await, ["60.00"]);
        assert_eq!(desk.open_of("C1", day(0)).await, ["-100.00"]);
        assert_eq!(desk.balance(day(0)).await, "-40.00");
    }

    async fn ar_05_a_credit_is_carried_over_to_a_later_invoice(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            invoice("I1", day(0), "100.00", &[(day(0), "100.00")]),
            receipt("R1", day(0), "100.00").settles("I1"),
            document(pb::DocumentKind::CreditNote, "C1", day(0), "100.00"),
            invoice("I2", day(0), "100.00", &[(day(0), "100.00")]),
        ])
        .await;
        let (credit, debit) = (desk.item_of("C1", day(0)).await, desk.item_of("I2", day(0)).await);
        let request = pb::ClearItemsRequest {
            account: ACCOUNT.into(),
            allocations: vec![pb::Allocation {
                credit_item: credit.name,
                debit_item: debit.name,
                ..pb::Allocation::default()
            }],
            request_id: fresh(),
            ..pb::ClearItemsRequest::default()
        };
        desk.client.clear_items(request).await.expect("cleared");
        assert_eq!(desk.open(day(0)).await, []);
        assert_eq!(desk.balance(day(0)).await, "0.00");
    }

    async fn ar_06_later_receipts_are_expected_and_reduce_nothing_yet(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            invoice("I1", day(0), "100.00", &[(day(0), "100.00")]),
            document(pb::DocumentKind::CreditNote, "C1", day(0), "10.00"),
            receipt("R1", day(1), "80.00").settles("I1"),
            // Two invoices, one receipt split between them.
            invoice("I2", day(0), "100.00", &[(day(0), "100.00")]),
            invoice("I3", day(0), "100.00", &[(day(0), "100.00")]),
            receipt("R2", day(1), "100.00")
                .settles_amount("I2", "50.00")
                .settles_amount("I3", "50.00"),
        ])
        .await;
        let (credit, debit) = (desk.item_of("C1", day(0)).await, desk.item_of("I1", day(0)).await);
        let request = pb::ClearItemsRequest {
            account: ACCOUNT.into(),
            allocations: vec![pb::Allocation {
                credit_item: credit.name,
                debit_item: debit.name,
                ..pb::Allocation::default()
            }],
            apply_date: Some(day(1)),
            request_id: fresh(),
            ..pb::ClearItemsRequest::default()
        };
        desk.client.clear_items(request).await.expect("cleared");

        let items = desk.open_items(day(0)).await;
        let seen: Vec<_> = items
            .iter()
            .map(|i| (i.key.clone().unwrap().document_no, text(&i.open), text(&i.expected)))
            .collect();
        let expected = [
            ("I1", "100.00", "90.00"),
            ("C1", "-10.00", "-10.00"),
            ("I2", "100.00", "50.00"),
            ("I3", "100.00", "50.00"),
        ];
        for (no, open, future) in expected {
            let row = (no.to_owned(), open.to_owned(), future.to_owned());
            assert!(seen.contains(&row), "{row:?} is not among {seen:?}");
        }
        assert_eq!(seen.len(), 4, "one row for each: {seen:?}");
        let risk = desk.risk_usd(day(0)).await;
        assert_eq!(text(&risk.balance), "290.00");
        assert_eq!(text(&risk.expected), "180.00");
    }

    async fn ar_08_one_cent_left_open_is_still_open(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            invoice("I1", day(0), "100.00", &[(day(0), "100.00")]),
            receipt("R1", day(0), "99.99").settles("I1"),
        ])
        .await;
        assert_eq!(desk.open_of("I1", day(0)).await, ["0.01"]);
        assert_eq!(desk.aging_usd(day(0)).await.items, 1);
    }

    async fn ar_12_part_payments_do_not_age_what_is_left(server: TestServer) {
        let mut desk = Desk::new(&server);
        // The source applies a receipt of 9 November to an invoice of 30 November; here a
        // clearing takes effect on the later of the two dates.
        desk.post([
            invoice("I1", date("2016-11-30"), "10000.00", &[(date("2017-02-28"), "10000.00")]),
            receipt("R1", date("2016-11-09"), "1500.00").settles("I1"),
            receipt("R2", date("2016-11-30"), "1000.00").settles("I1"),
            receipt("R3", date("2017-01-30"), "2000.00").settles("I1"),
        ])
        .await;
        let as_of = date("2017-04-04");
        let aging = desk.aging_usd(as_of).await;
        assert_eq!(text(&aging.balance), "5500.00");
        assert_eq!(buckets(&aging), ["0.00", "5500.00", "0.00", "0.00", "0.00"]);
        assert_eq!(desk.item_of("I1", as_of).await.days_overdue, 35);
        assert_eq!(desk.risk_usd(as_of).await.worst_overdue_days, 35);
    }

    async fn ar_14_bucket_edges_are_closed_above_and_a_named_field(server: TestServer) {
        let mut desk = Desk::new(&server);
        // By due date: the column `current_then_1_30` of the case. By document date: its column
        // `closed_upper_0_30`, except that an age below 0 counts into the first bucket.
        for (age, by_due, by_document) in [
            (-1, None, 0),
            (0, None, 0),
            (1, Some(0), 0),
            (29, Some(0), 0),
            (30, Some(0), 0),
            (31, Some(1), 1),
            (60, Some(1), 1),
            (61, Some(2), 2),
            (90, Some(2), 2),
            (91, Some(3), 3),
            (120, Some(3), 3),
            (121, Some(4), 4),
        ] {
            let no = format!("I{age}");
            desk.post([invoice(&no, day(-age - 1), "7.00", &[(day(-age), "7.00")])]).await;
            let item = desk.item_of(&no, day(0)).await;
            assert_eq!(i64::from(item.days_overdue), age, "age {age}");
            let ask = |basis: pb::AgingBasis, as_of| pb::GetAgingRequest {
                account: ACCOUNT.into(),
                as_of: Some(as_of),
                basis: basis.into(),
                ..pb::GetAgingRequest::default()
            };
            let aging = desk.aging(ask(pb::AgingBasis::DueDate, day(0))).await;
            let column = buckets(&aging.currencies[0]).iter().position(|a| a != "0.00");
            assert_eq!(column, by_due, "age {age} by due date");
            // The document is a day older than its due date.
            let aging = desk.aging(ask(pb::AgingBasis::DocumentDate, day(-1))).await;
            if let Some(currency) = aging.currencies.first() {
                let column = buckets(currency).iter().position(|a| a != "0.00");
                assert_eq!(column, Some(by_document), "age {age} by document date");
            }
            let name = desk.item_of(&no, day(0)).await.document;
            let request = pb::ReverseDocumentRequest {
                name,
                effective_date: Some(day(-age - 1)),
                reason: "next age".into(),
                request_id: fresh(),
            };
            desk.client.reverse_document(request).await.expect("reversed");
        }
    }

    async fn ar_15_overdue_follows_instalments(server: TestServer) {
        let mut desk = Desk::new(&server);
        let parts = [(day(-60), "600.00"), (day(30), "600.00")];
        desk.post([invoice("I1", day(-60), "1200.00", &parts)]).await;
        assert_eq!(text(&desk.risk_usd(day(0)).await.overdue), "600.00");
        desk.post([receipt("R1", day(0), "600.00").settles("I1")]).await;
        let risk = desk.risk_usd(day(0)).await;
        assert_eq!((text(&risk.overdue), risk.worst_overdue_days), ("0.00".into(), 0));
        assert_eq!(text(&risk.balance), "600.00");
    }

    async fn ar_18_more_than_is_left_on_a_receipt_cannot_be_allocated(server: TestServer) {
        let mut desk = Desk::new(&server);
        let advance = pb::Document {
            order_ref: "SO-1".into(),
            ..receipt("ADV", day(0), "100.00")
        };
        desk.post([
            invoice("I1", day(0), "5000.00", &[(day(0), "5000.00")]),
            invoice("I2", day(0), "100.00", &[(day(0), "100.00")]),
            receipt("A", day(0), "100.00").settles("I1"),
            receipt("B", day(0), "200.00").settles_amount("I2", "100.00"),
            advance,
        ])
        .await;
        assert_eq!(desk.open_of("I1", day(0)).await, ["4900.00"]);
        assert_eq!(desk.open_of("A", day(0)).await, Vec::<String>::new());
        let debit = desk.item_of("I1", day(0)).await.name;
        let allocate = |credit: String, amount: &str| pb::ClearItemsRequest {
            account: ACCOUNT.into(),
            allocations: vec![pb::Allocation {
                credit_item: credit,
                debit_item: debit.clone(),
                amount: Some(usd(amount)),
                ..pb::Allocation::default()
            }],
            request_id: fresh(),
            ..pb::ClearItemsRequest::default()
        };
        let credit = desk.item_of("B", day(0)).await.name;
        let refused = desk.client.clear_items(allocate(credit, "200.00")).await.unwrap_err();
        crate::support::assert_refused(
            &refused,
            tonic::Code::FailedPrecondition,
            "CLEARING_EXCEEDS_OPEN",
            None,
        );
        assert_eq!(desk.open_of("I1", day(0)).await, ["4900.00"]);
        let credit = desk.item_of("ADV", day(0)).await;
        assert_eq!(credit.item_class(), pb::ItemClass::OrderAdvance);
        desk.client.clear_items(allocate(credit.name, "100.00")).await.expect("the advance");
        assert_eq!(desk.open_of("I1", day(0)).await, ["4800.00"]);
        assert_eq!(desk.open_of("ADV", day(0)).await, Vec::<String>::new());
    }

    async fn ar_22_a_cash_discount_is_an_adjustment_beside_the_receipt(server: TestServer) {
        // The source takes the discount by itself when the payment comes in time. Here the ERP
        // that grants it posts it, as an adjustment that clears the rest of the invoice; the
        // document says how much its terms allow.
        let mut desk = Desk::new(&server);
        let discount = |no: &str, amount: &str| pb::Document {
            adjustment_reason: pb::AdjustmentReason::CashDiscount.into(),
            ..document(pb::DocumentKind::Adjustment, no, day(10), amount)
        };
        let terms = pb::PaymentTerms {
            steps: vec![pb::TermsStep { step: Some(pb::terms_step::Step::AddDays(30)) }],
            discounts: vec![pb::TermsDiscount { days: 10, rate_bp: 200 }],
            ..pb::PaymentTerms::default()
        };
        let offered = pb::Document {
            terms: Some(terms),
            ..document(pb::DocumentKind::Invoice, "I1", day(0), "100.00")
        };
        let name = desk.post([offered]).await.remove(0).document;
        for (paid_on, allowed) in [(0, "2.00"), (10, "2.00"), (11, "0.00")] {
            let request = pb::GetDocumentRequest {
                name: name.clone(),
                as_of: Some(day(paid_on)),
                ..pb::GetDocumentRequest::default()
            };
            let document = desk.client.get_document(request).await.expect("it").into_inner();
            assert_eq!(text(&document.discount_available), allowed, "day {paid_on}");
        }
        desk.post([
            receipt("R1", day(10), "98.00").settles("I1"),
            discount("D1", "2.00").settles("I1"),
            invoice("I2", day(0), "100.00", &[(day(30), "100.00")]),
            receipt("R2", day(10), "49.00").settles("I2"),
            discount("D2", "1.00").settles("I2"),
        ])
        .await;
        assert_eq!(desk.open_of("I1", day(10)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("I2", day(10)).await, ["50.00"]);
        // A return of the whole after the discount was taken: 98 to settle, 2 taken back.
        let back = pb::Document {
            side: pb::Side::Debit.into(),
            ..discount("D3", "2.00")
        };
        desk.post([
            back,
            document(pb::DocumentKind::CreditNote, "C1", day(12), "100.00").settles("D3"),
        ])
        .await;
        assert_eq!(desk.open_of("C1", day(12)).await, ["-98.00"]);
        assert_eq!(desk.open_of("D3", day(12)).await, Vec::<String>::new());
    }

    async fn ar_24_terms_give_the_due_dates(server: TestServer) {
        use pb::terms_step::Step;
        let mut desk = Desk::new(&server);
        let step = |step| pb::TermsStep { step: Some(step) };
        let terms = |steps: Vec<Step>| pb::PaymentTerms {
            steps: steps.into_iter().map(step).collect(),
            ..pb::PaymentTerms::default()
        };
        let cases = [
            ("A", "2016-01-22", vec![Step::AddDays(30)], "2016-02-21"),
            ("B", "2016-01-22", vec![Step::AddMonths(1), Step::MonthEnd(true)], "2016-02-29"),
            ("C", "2017-01-22", vec![Step::AddMonths(1), Step::MonthEnd(true)], "2017-02-28"),
            ("D", "2016-01-22", vec![Step::AddDays(30), Step::MonthEnd(true)], "2016-02-29"),
            ("E", "2016-01-22", vec![Step::MonthEnd(true), Step::AddDays(30)], "2016-03-01"),
        ];
        for (no, at, steps, due) in cases {
            let invoice = pb::Document {
                terms: Some(terms(steps)),
                ..document(pb::DocumentKind::Invoice, no, date(at), "10.00")
            };
            desk.post([invoice]).await;
            assert_eq!(desk.item_of(no, day(0)).await.due_date, Some(date(due)), "{no}");
        }
        desk.post([document(pb::DocumentKind::Invoice, "F", date("2016-01-22"), "10.00")]).await;
        assert_eq!(desk.item_of("F", day(0)).await.due_date, Some(date("2016-01-22")));
        let shares = |at: &str, no: &str| pb::Document {
            terms: Some(pb::PaymentTerms {
                shares: vec![
                    pb::TermsShare { share_bp: 3_000, ..pb::TermsShare::default() },
                    pb::TermsShare {
                        share_bp: 7_000,
                        steps: vec![step(Step::AddMonths(1)), step(Step::MonthEnd(true))],
                        ..pb::TermsShare::default()
                    },
                ],
                ..pb::PaymentTerms::default()
            }),
            ..document(pb::DocumentKind::Invoice, no, date(at), "2300.00")
        };
        desk.post([shares("2019-01-01", "G"), shares("2019-02-01", "H")]).await;
        let open = desk.open(day(0)).await;
        for expected in [
            row("G", "2019-01-01", "690.00"),
            row("G", "2019-02-28", "1610.00"),
            row("H", "2019-03-31", "1610.00"),
        ] {
            assert!(open.contains(&expected), "{expected:?} is not among {open:?}");
        }
    }
}
