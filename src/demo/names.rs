//! Invented names of customers.

const FIRST: [&str; 40] = [
    "Amberfield",
    "Brackmoor",
    "Cinderbrook",
    "Dunmarrow",
    "Elmsworthy",
    "Fennimore Vale",
    "Gravelhythe",
    "Hollowmere",
    "Ivorstead",
    "Junipergate",
    "Kestrelby",
    "Larkenfall",
    "Mossendale",
    "Nettlecombe",
    "Oakrudder",
    "Pinnerwick",
    "Quarrelstone",
    "Rushmantle",
    "Saltersea",
    "Thistlemark",
    "Umberhay",
    "Vintnerholm",
    "Willowtarn",
    "Yarrowdene",
    "Zephyrcote",
    "Aldercask",
    "Birchpennant",
    "Copperlea",
    "Driftmoor",
    "Emberwick",
    "Foxlantern",
    "Greywharf",
    "Hazelport",
    "Inkwellbury",
    "Jasperfen",
    "Kelpstrand",
    "Lanternhithe",
    "Marrowgate",
    "Northwillet",
    "Orchardmoss",
];

const SECOND: [&str; 24] = [
    "Foods",
    "Grocers",
    "Wholesale",
    "Markets",
    "Provisions",
    "Trading",
    "Catering",
    "Stores",
    "Bakeries",
    "Supply",
    "Kitchens",
    "Dairy",
    "Imports",
    "Cash & Carry",
    "Delicatessen",
    "Hospitality",
    "Distribution",
    "Farm Shops",
    "Logistics",
    "Canteens",
    "Fine Foods",
    "Beverages",
    "Retail",
    "Cold Storage",
];

const CHINESE_FIRST: [&str; 12] = [
    "云岚",
    "海穗",
    "青禾川",
    "东篱谷",
    "晨澜",
    "松月溪",
    "南桁",
    "锦麦",
    "北屿",
    "禾木渡",
    "澄江湾",
    "远榆",
];

const CHINESE_SECOND: [&str; 6] = [
    "食品贸易有限公司",
    "商贸有限公司",
    "餐饮管理有限公司",
    "冷链物流有限公司",
    "供应链有限公司",
    "连锁超市有限公司",
];

/// One customer in so many has a Chinese name.
const CHINESE_EVERY: usize = 12;

/// A name of its own for each number.
pub fn name(number: usize) -> String {
    if number % CHINESE_EVERY == CHINESE_EVERY - 1 {
        combine(number / CHINESE_EVERY, &CHINESE_FIRST, &CHINESE_SECOND, "")
    } else {
        combine(number, &FIRST, &SECOND, " ")
    }
}

/// First and second words go round at different speeds; a number tells rounds apart.
fn combine(i: usize, first: &[&str], second: &[&str], between: &str) -> String {
    let turn = i / first.len();
    let name = format!("{}{between}{}", first[i % first.len()], second[(i + turn) % second.len()]);
    match turn / second.len() {
        0 => name,
        round => format!("{name} {}", round + 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn no_two_customers_have_one_name() {
        let names: HashSet<String> = (0..5_000).map(super::name).collect();
        assert_eq!(names.len(), 5_000);
    }
}
