//! Terms of payment: discounts once taken, due dates before the document, days of the month.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::terms_step::Step;
use tonic::Code;

use crate::support::assert_refused;
use crate::support::ledger::*;

/// 2 % within 10 days, due in 30.
fn discounted(no: &str) -> pb::Document {
    let mut bill = document(Kind::Invoice, no, day(0), "1000.00");
    bill.terms = Some(pb::PaymentTerms {
        steps: vec![pb::TermsStep { step: Some(Step::AddDays(30)) }],
        discounts: vec![pb::TermsDiscount { days: 10, rate_bp: 200 }],
        ..pb::PaymentTerms::default()
    });
    bill
}

fn adjustment(no: &str, gross: &str, reason: pb::AdjustmentReason) -> pb::Document {
    let mut taken = document(Kind::Adjustment, no, day(4), gross);
    taken.adjustment_reason = reason.into();
    taken
}

fn due_by(days: &[i32]) -> Option<pb::PaymentTerms> {
    let days = pb::DaysOfMonth { days: days.to_vec() };
    let steps = [Step::AddDays(30), Step::DaysOfMonth(days)];
    Some(pb::PaymentTerms {
        steps: steps.into_iter().map(|step| pb::TermsStep { step: Some(step) }).collect(),
        ..pb::PaymentTerms::default()
    })
}

async fn offered(desk: &mut Desk, no: &str, on: i64) -> String {
    text(&desk.get(no, day(on)).await.discount_available)
}

on_both_engines! {
    async fn fault_f11_a_discount_once_taken_is_not_offered_again(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([discounted("I1"), discounted("I2"), receipt("R2", day(3), "500.00").settles("I2")])
            .await;
        assert_eq!(offered(&mut desk, "I1", 4).await, "20.00");
        assert_eq!(offered(&mut desk, "I2", 4).await, "10.00", "money alone takes no discount");
        let cash = pb::AdjustmentReason::CashDiscount;
        desk.post([adjustment("D1", "20.00", cash).settles("I1")]).await;
        assert_eq!(offered(&mut desk, "I1", 4).await, "0.00");
        assert_eq!(offered(&mut desk, "I1", 5).await, "0.00");
        assert_eq!(offered(&mut desk, "I1", 3).await, "20.00", "before it was taken");
        // Another adjustment is none.
        let other = pb::AdjustmentReason::BankCharge;
        desk.post([adjustment("D2", "5.00", other).settles("I2")]).await;
        assert_eq!(offered(&mut desk, "I2", 4).await, "9.90");
        // A correction does not bring it back; taking it back does.
        let mut higher = discounted("I1");
        (higher.source_version, higher.note) = (1, "n".into());
        desk.post([higher]).await;
        assert_eq!(offered(&mut desk, "I1", 5).await, "0.00");
        desk.try_reverse("D1", Some(day(6))).await.expect("reversed");
        assert_eq!(offered(&mut desk, "I1", 5).await, "0.00");
        assert_eq!(offered(&mut desk, "I1", 6).await, "20.00");
        desk.verify(&server).await;
    }

    async fn fault_u11_a_due_date_before_the_document_is_taken_and_told(server: TestServer) {
        let mut desk = Desk::new(&server);
        let early = invoice("I1", day(0), "100.00", &[(day(5), "60.00"), (day(-3), "40.00")]);
        let results = desk.post([early.clone(), invoice("I2", day(0), "1.00", &[(day(0), "1.00")])]).await;
        let told: Vec<_> =
            results[0].notices.iter().map(|n| (n.code(), n.field.as_str())).collect();
        let early_due = pb::NoticeCode::DueBeforeDocument;
        assert_eq!(told, [(early_due, "instalments[1].due_date")]);
        assert!(results[0].notices[0].description.contains("2019-06-27"), "{results:?}");
        assert_eq!(results[1].notices, [], "due on the day itself");
        assert_eq!(text(&desk.risk_usd(day(0)).await.overdue), "40.00");
        // Nothing happens, nothing is told; a correction is told again.
        assert_eq!(desk.post([early.clone()]).await[0].notices, []);
        let higher = pb::Document { source_version: 1, note: "n".into(), ..early.clone() };
        assert_eq!(desk.post([higher]).await[0].notices.len(), 1);

        let mut by_terms = document(Kind::Invoice, "I3", day(0), "1.00");
        by_terms.terms = due_by(&[31]);
        let terms = by_terms.terms.as_mut().expect("terms");
        terms.baseline = pb::TermsBaseline::Delivery.into();
        by_terms.baseline_dates = Some(pb::BaselineDates {
            delivery_date: Some(day(-90)),
            ..pb::BaselineDates::default()
        });
        let told = desk.post([by_terms]).await.remove(0).notices;
        assert_eq!(told.iter().map(|n| n.field.as_str()).collect::<Vec<_>>(), ["terms"]);

        let mut opening = early.clone();
        opening.kind = Kind::OpeningBalance.into();
        opening.key = Some(key("O1"));
        assert_eq!(desk.post([opening]).await[0].notices, [], "without a word");
        desk.verify(&server).await;
    }

    async fn fault_u11_an_import_tells_it_too(server: TestServer) {
        let mut desk = Desk::new(&server);
        let early = invoice("I1", day(0), "100.00", &[(day(-3), "100.00")]);
        let (results, _) = desk.import("early", false, vec![vec![early]]).await;
        assert_eq!(results[0].outcome(), pb::PostOutcome::Posted);
        assert_eq!(results[0].faults, []);
        assert_eq!(results[0].notices[0].code(), pb::NoticeCode::DueBeforeDocument);
    }

    async fn fault_m4_of_several_days_of_the_month_the_first_counts(server: TestServer) {
        let mut desk = Desk::new(&server);
        for (no, at, due) in [
            ("I1", "2019-05-05", "2019-06-10"),
            ("I2", "2019-05-11", "2019-06-10"),
            ("I3", "2019-05-12", "2019-06-25"),
            ("I4", "2019-05-27", "2019-07-10"),
        ] {
            let mut bill = document(Kind::Invoice, no, date(at), "1.00");
            bill.terms = due_by(&[25, 10]);
            desk.post([bill]).await;
            let (_, told, _) = desk.open(day(0)).await.into_iter().find(|i| i.0 == no).expect("open");
            assert_eq!(told, due, "{no}");
        }
        // Told as it is kept: ascending.
        let terms = desk.get("I1", day(0)).await.terms.expect("terms").steps;
        assert_eq!(Some(terms), due_by(&[10, 25]).map(|terms| terms.steps));
        for bad in [&[][..], &[0], &[32], &[10, 10], &[-1]] {
            let mut bill = document(Kind::Invoice, "B1", day(0), "1.00");
            bill.terms = due_by(bad);
            let refused = desk.try_post(vec![bill]).await.unwrap_err();
            let field = "documents[0].terms.steps[1].days_of_month.days";
            assert_refused(&refused, Code::InvalidArgument, "TERMS_INVALID", Some(field));
        }
    }
}
