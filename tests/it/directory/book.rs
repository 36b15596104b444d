//! Made-up companies of a Chinese and a German book, and how people write their names who remember
//! them more or less. The truth is known: each way of writing is of one company.

use std::collections::BTreeSet;

/// Numbers that are the same in each run.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// Simplified and traditional, a pair a place.
const PLACES: &[&str] = &[
    "上海上海",
    "北京北京",
    "廣州广州",
    "深圳深圳",
    "蘇州苏州",
    "寧波宁波",
    "濟南济南",
    "長沙长沙",
    "瀋陽沈阳",
    "廈門厦门",
    "武漢武汉",
    "鄭州郑州",
    "無錫无锡",
    "溫州温州",
    "東莞东莞",
    "重慶重庆",
    "蘭州兰州",
    "貴陽贵阳",
    "雲南云南",
    "廣東广东",
];
/// Characters of brands: traditional, simplified.
const BRANDS: &[&str] = &[
    "宏宏", "遠远", "華华", "達达", "興兴", "隆隆", "盛盛", "豐丰", "龍龙", "騰腾", "飛飞", "鵬鹏",
    "鴻鸿", "運运", "通通", "順顺", "發发", "金金", "鑫鑫", "銀银", "寶宝", "瑞瑞", "祥祥", "和和",
    "泰泰", "安安", "康康", "寧宁", "永永", "恆恒", "昌昌", "旺旺", "德德", "信信", "誠诚", "義义",
    "仁仁", "智智", "匯汇", "聯联", "合合", "同同", "創创", "新新", "遠远", "聖圣", "潤润", "澤泽",
    "濱滨", "海海", "江江", "嶽岳", "峰峰", "雲云", "天天", "東东", "聚聚", "億亿", "嘉嘉", "麗丽",
];
const TRADES: &[&str] = &[
    "建材建材",
    "機械机械",
    "電子电子",
    "貿易贸易",
    "鋼鐵钢铁",
    "化工化工",
    "紡織纺织",
    "汽車配件汽车配件",
    "食品食品",
    "醫療器械医疗器械",
    "物流物流",
    "環保科技环保科技",
    "裝飾工程装饰工程",
    "塑料製品塑料制品",
    "農業發展农业发展",
    "電氣設備电气设备",
    "儀器儀表仪器仪表",
    "包裝材料包装材料",
    "玻璃玻璃",
    "橡膠橡胶",
];
const FORMS: &[&str] = &["有限公司", "股份有限公司", "有限责任公司", "集团有限公司", ""];

const SURNAMES: &[&str] = &[
    "Müller",
    "Schmidt",
    "Schneider",
    "Fischer",
    "Weber",
    "Meyer",
    "Wagner",
    "Becker",
    "Schulz",
    "Hoffmann",
    "Schäfer",
    "Koch",
    "Bauer",
    "Richter",
    "Klein",
    "Wolf",
    "Schröder",
    "Neumann",
    "Schwarz",
    "Zimmermann",
    "Braun",
    "Krüger",
    "Hofmann",
    "Hartmann",
    "Lange",
    "Werner",
    "Krause",
    "Lehmann",
    "Köhler",
    "Maier",
    "Herrmann",
    "König",
    "Walter",
    "Mayer",
    "Huber",
    "Kaiser",
    "Fuchs",
    "Peters",
    "Lang",
    "Scholz",
    "Möller",
    "Weiß",
    "Jung",
    "Hahn",
    "Vogel",
    "Friedrich",
    "Keller",
    "Günther",
    "Frank",
    "Berger",
    "Winkler",
    "Roth",
    "Beck",
    "Lorenz",
    "Baumann",
    "Franke",
    "Albrecht",
    "Schuster",
    "Simon",
    "Ludwig",
    "Böhm",
    "Winter",
    "Kraus",
    "Martin",
    "Schumacher",
    "Krämer",
    "Vogt",
    "Stein",
    "Jäger",
    "Otto",
    "Sommer",
    "Groß",
    "Seidel",
    "Heinrich",
    "Brandt",
    "Haas",
    "Schreiber",
    "Graf",
    "Dietrich",
    "Ziegler",
];
const GERMAN_TRADES: &[&str] = &[
    "Maschinenbau",
    "Elektrotechnik",
    "Metallbau",
    "Werkzeugbau",
    "Anlagentechnik",
    "Logistik",
    "Baustoffe",
    "Holzhandel",
    "Stahlhandel",
    "Kunststofftechnik",
    "Fördertechnik",
    "Medizintechnik",
    "Verpackungen",
    "Druckerei",
    "Lebensmittel",
    "Getränkehandel",
    "Fahrzeugteile",
    "Gebäudetechnik",
    "Sanitär und Heizung",
    "Softwarehaus",
    "Messtechnik",
    "Antriebstechnik",
    "Textilwerke",
    "Papierfabrik",
    "Glaswerke",
    "Gießerei",
    "Armaturen",
    "Schraubenfabrik",
    "Kältetechnik",
    "Spedition",
];
const GERMAN_PLACES: &[&str] = &[
    "Hamburg",
    "München",
    "Köln",
    "Bremen",
    "Leipzig",
    "Nürnberg",
    "Düsseldorf",
    "Hannover",
    "Kassel",
    "Lübeck",
    "Augsburg",
    "Bielefeld",
    "Dresden",
    "Erfurt",
    "Freiburg",
    "Göttingen",
    "Jena",
    "Mainz",
    "Rostock",
    "Ulm",
    "",
    "",
    "",
    "",
    "",
];
const GERMAN_FORMS: &[&str] = &["GmbH", "GmbH & Co. KG", "AG", "KG", "OHG", "e.K.", "SE", "mbH"];

fn pick(chance: &mut Chance, pairs: &[&str]) -> (String, String) {
    let pair: Vec<char> = chance.of(pairs).chars().collect();
    let (traditional, simplified) = pair.split_at(pair.len() / 2);
    (simplified.iter().collect(), traditional.iter().collect())
}

/// A company, and the same name in traditional characters.
#[derive(Debug, Clone)]
pub struct Company {
    pub name: String,
    parts: Parts,
}

#[derive(Debug, Clone)]
enum Parts {
    Chinese { place: [String; 2], brand: [String; 2], trade: [String; 2] },
    German { core: String },
}

fn chinese(chance: &mut Chance) -> Company {
    let both = |(simplified, traditional): (String, String)| [simplified, traditional];
    let place = both(pick(chance, PLACES));
    let (one, two) = (both(pick(chance, BRANDS)), both(pick(chance, BRANDS)));
    let brand = [0, 1].map(|form| format!("{}{}", one[form], two[form]));
    let trade = both(pick(chance, TRADES));
    let form = chance.of(FORMS);
    let name = format!("{}{}{}{form}", place[0], brand[0], trade[0]);
    Company { name, parts: Parts::Chinese { place, brand, trade } }
}

fn german(chance: &mut Chance) -> Company {
    let surname = match chance.below(3) {
        0 => chance.of(SURNAMES).to_owned(),
        1 => format!("{} & {}", chance.of(SURNAMES), chance.of(SURNAMES)),
        _ => format!("{}-{}", chance.of(SURNAMES), chance.of(SURNAMES)),
    };
    let core = format!("{surname} {} {}", chance.of(GERMAN_TRADES), chance.of(GERMAN_PLACES));
    let core = core.trim().to_owned();
    let name = format!("{core} {}", chance.of(GERMAN_FORMS));
    Company { name, parts: Parts::German { core } }
}

/// Companies of both books, half of each, whose names differ in more than their legal form.
pub fn companies(count: usize, seed: u64) -> Vec<Company> {
    let mut chance = Chance::new(seed);
    let (mut companies, mut cores) = (Vec::with_capacity(count), BTreeSet::new());
    while companies.len() < count {
        let company = match companies.len() % 2 {
            0 => chinese(&mut chance),
            _ => german(&mut chance),
        };
        if cores.insert(company.core()) {
            companies.push(company);
        }
    }
    companies
}

/// How a name is written that is remembered more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    WithoutForm,
    Slip,
    SlipWithoutForm,
    OtherWidthOrCase,
    /// Traditional characters, or umlauts as two letters.
    OtherSpelling,
    /// Its parts in another order.
    OtherOrder,
}

pub const WAYS: [Way; 6] = [
    Way::WithoutForm,
    Way::Slip,
    Way::SlipWithoutForm,
    Way::OtherWidthOrCase,
    Way::OtherSpelling,
    Way::OtherOrder,
];

impl Company {
    fn core(&self) -> String {
        match &self.parts {
            Parts::Chinese { place, brand, trade } => {
                format!("{}{}{}", place[0], brand[0], trade[0])
            }
            Parts::German { core } => core.clone(),
        }
    }

    pub fn written(&self, way: Way, chance: &mut Chance) -> String {
        match (way, &self.parts) {
            (Way::WithoutForm, _) => self.core(),
            (Way::Slip, _) => slip(&self.name, self.core().chars().count(), chance),
            (Way::SlipWithoutForm, _) => {
                let core = self.core();
                slip(&core, core.chars().count(), chance)
            }
            (Way::OtherWidthOrCase, _) => wide(&self.name.to_uppercase()),
            (Way::OtherSpelling, Parts::Chinese { place, brand, trade }) => {
                format!("{}{}{}", place[1], brand[1], trade[1])
            }
            (Way::OtherSpelling, Parts::German { core }) => core
                .replace('ä', "ae")
                .replace('ö', "oe")
                .replace('ü', "ue")
                .replace('ß', "ss")
                .replace(" & ", "-"),
            (Way::OtherOrder, Parts::Chinese { place, brand, trade }) => {
                format!("{}{}（{}）", brand[0], trade[0], place[0])
            }
            (Way::OtherOrder, Parts::German { core }) => {
                let mut words: Vec<&str> = core.split(' ').collect();
                words.rotate_right(1);
                words.join(" ")
            }
        }
    }
}

/// The text with a character more, less, another, or two changed about, among the first ones.
fn slip(text: &str, among: usize, chance: &mut Chance) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = chance.below(among);
    match chance.below(4) {
        0 => _ = chars.remove(at),
        1 if at + 1 < chars.len() => chars.swap(at, at + 1),
        2 => chars.insert(at, chars[at]),
        _ => {
            let other = chars[chance.below(among)];
            chars[at] = if chars[at].is_ascii() { 'x' } else { other };
        }
    }
    chars.into_iter().collect()
}

fn wide(text: &str) -> String {
    let wide = |c: char| match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).expect("a wide one"),
        c => c,
    };
    text.chars().map(wide).collect()
}
