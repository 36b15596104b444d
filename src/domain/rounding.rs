//! Integer division with one rounding, half to even, exact at every size.
//!
//! A decimal type that silently drops digits past the 28th would round twice; these
//! functions look at the whole quotient before they round.

/// `numerator / denominator`, rounded half to even.
///
/// # Panics
/// If `denominator` is not positive: callers divide by counts, totals and powers of ten.
pub fn div_half_even(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0, "the divisor must be positive");
    let quotient = numerator.div_euclid(denominator);
    let remainder = numerator.rem_euclid(denominator);
    // Compare with the other half instead of doubling, which could overflow.
    match remainder.cmp(&(denominator - remainder)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// `a × b / 10^places`, rounded half to even once, or `None` if it exceeds `u128`. The
/// product is held in 256 bits, so nothing is lost before the rounding.
pub(crate) fn mul_div_pow10(a: u128, b: u128, places: u32) -> Option<u128> {
    let mut limbs = widening_mul(a, b);
    let (mut last_digit, mut digits_below) = (0, false);
    for _ in 0..places {
        digits_below |= last_digit != 0;
        last_digit = div10(&mut limbs);
    }
    let [w0, w1, w2, w3] = limbs;
    if w2 != 0 || w3 != 0 {
        return None;
    }
    let quotient = u128::from(w0) | u128::from(w1) << 64;
    let round_up = last_digit > 5 || (last_digit == 5 && (digits_below || quotient & 1 == 1));
    quotient.checked_add(u128::from(round_up))
}

/// The full product in base 2^64, lowest limb first.
fn widening_mul(a: u128, b: u128) -> [u64; 4] {
    let halves = |n: u128| [n as u64, (n >> 64) as u64];
    let mut product = [0; 4];
    for (i, x) in halves(a).into_iter().enumerate() {
        let mut carry = 0;
        for (j, y) in halves(b).into_iter().enumerate() {
            let sum = u128::from(x) * u128::from(y) + u128::from(product[i + j]) + carry;
            product[i + j] = sum as u64;
            carry = sum >> 64;
        }
        product[i + 2] = carry as u64;
    }
    product
}

/// Divides in place and returns the digit that fell off.
fn div10(limbs: &mut [u64; 4]) -> u64 {
    let mut remainder = 0;
    for limb in limbs.iter_mut().rev() {
        let dividend = remainder << 64 | u128::from(*limb);
        *limb = (dividend / 10) as u64;
        remainder = dividend % 10;
    }
    remainder as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_go_to_the_even_neighbour_on_both_sides_of_zero() {
        let halves = [(-7, -4), (-5, -2), (-3, -2), (-1, 0), (1, 0), (3, 2), (5, 2), (7, 4)];
        for (numerator, expected) in halves {
            assert_eq!(div_half_even(numerator, 2), expected, "{numerator}/2");
        }
    }

    #[test]
    fn what_lies_below_the_half_decides_a_tie_that_is_none() {
        assert_eq!(mul_div_pow10(25, 1, 1), Some(2));
        assert_eq!(mul_div_pow10(2_500_001, 1, 6), Some(3));
        assert_eq!(mul_div_pow10(35, 1, 1), Some(4));
    }

    #[test]
    fn a_result_beyond_u128_is_none_and_never_wraps() {
        assert_eq!(mul_div_pow10(u128::MAX, u128::MAX, 38), None);
        assert_eq!(mul_div_pow10(u128::MAX, 10, 1), Some(u128::MAX));
    }

    proptest! {
        #[test]
        fn the_rounded_quotient_is_never_further_than_half(n in any::<i64>(), d in 1..i64::MAX) {
            let (n, d) = (i128::from(n), i128::from(d));
            prop_assert!(((div_half_even(n, d) * d - n) * 2).abs() <= d);
        }

        #[test]
        fn the_wide_path_agrees_with_plain_division(a in any::<u64>(), b in any::<u32>(), k in 0..20u32) {
            let product = i128::from(a) * i128::from(b);
            let expected = div_half_even(product, 10i128.pow(k));
            let wide = mul_div_pow10(a.into(), b.into(), k).map(|n| n as i128);
            prop_assert_eq!(wide, Some(expected));
        }
    }
}
