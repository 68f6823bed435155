//! Text into match keys: Chinese words, character pairs, English stems; pinyin stands beside.
//!
//! Everything is folded first: traditional to simplified, full width to half width, upper to lower case. The folded
//! text has one character for each of the original, so a match is shown in the original text.

use std::{collections::BTreeSet, sync::OnceLock};

use jieba_rs::Jieba;
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream};

/// Words of the domain that the general dictionary cuts apart or does not know.
const DOMAIN_WORDS: &[&str] = &[
    "人口库",
    "法人库",
    "基础库",
    "主题库",
    "专题库",
    "信息资源",
    "政务数据",
    "政务服务",
    "公共数据",
    "数据共享",
    "数据目录",
    "共享交换",
    "电子证照",
    "营业执照",
    "身份证号",
    "公民身份号码",
    "统一社会信用代码",
    "组织机构代码",
    "行政区划",
    "行政区划代码",
    "不动产",
    "不动产登记",
    "不动产权",
    "户籍",
    "户籍人口",
    "常住人口",
    "流动人口",
    "居住证",
    "婚姻登记",
    "低保",
    "最低生活保障",
    "特困人员",
    "残疾人",
    "社保",
    "社会保险",
    "医保",
    "医疗保险",
    "养老保险",
    "失业保险",
    "工伤保险",
    "公积金",
    "住房公积金",
    "纳税人",
    "税务登记",
    "市场主体",
    "企业法人",
    "个体工商户",
    "行政许可",
    "行政处罚",
    "行政检查",
    "双公示",
    "失信被执行人",
    "信用信息",
    "机动车",
    "驾驶证",
    "行驶证",
    "道路运输",
    "从业资格",
    "建设用地",
    "用地规划",
    "施工许可",
    "环境监测",
    "空气质量",
    "水质监测",
    "污染源",
    "学籍",
    "学历",
    "学位",
    "教师资格",
    "卫生健康",
    "医疗机构",
    "执业医师",
    "疫苗接种",
    "食品经营",
    "药品经营",
    "特种设备",
    "安全生产",
    "应急避难",
    "气象预警",
    "公安局",
    "民政局",
    "人社局",
    "教育局",
    "卫健委",
    "税务局",
    "自然资源",
    "生态环境",
    "市场监管",
    "大数据局",
    "一网通办",
    "一件事",
    "办件",
    "事项编码",
    "数源部门",
    "村居",
    "街道",
    "网格员",
];

fn jieba() -> &'static Jieba {
    static JIEBA: OnceLock<Jieba> = OnceLock::new();
    JIEBA.get_or_init(|| {
        let mut jieba = Jieba::new();
        for word in DOMAIN_WORDS {
            jieba.add_word(word, Some(20_000), None);
        }
        jieba
    })
}

/// Folds a text; as many characters come out as went in.
pub(crate) fn fold(text: &str) -> String {
    let narrow: String = text
        .chars()
        .map(|it| match it {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(it) - 0xfee0).unwrap_or(it),
            _ => it,
        })
        .map(|it| {
            let mut lower = it.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => it,
            }
        })
        .collect();
    if narrow.is_ascii() {
        narrow
    } else {
        fast2s::convert(&narrow)
    }
}

/// A stretch of one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// Chinese characters.
    Han(String),
    /// Letters and digits of any other script.
    Latin(String),
}

const fn is_han(it: char) -> bool {
    matches!(it, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// Cuts a folded text into runs; everything else separates.
pub(crate) fn runs(folded: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut joined = false;
    for it in folded.chars() {
        let (han, other) = (is_han(it), it.is_alphanumeric());
        match runs.last_mut() {
            Some(Run::Han(run)) if joined && han => run.push(it),
            Some(Run::Latin(run)) if joined && !han && other => run.push(it),
            _ if han => runs.push(Run::Han(it.into())),
            _ if other => runs.push(Run::Latin(it.into())),
            _ => {}
        }
        joined = han || other;
    }
    runs
}

/// The words of a Chinese run, as a query is understood.
pub(crate) fn cut(run: &str) -> Vec<String> {
    jieba()
        .cut(run, false)
        .into_iter()
        .map(|it| it.word.to_owned())
        .collect()
}

/// The match words of a text, words inside words too.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for run in runs(&fold(text)) {
        match run {
            Run::Han(run) => words.extend(
                jieba()
                    .cut_for_search(&run, false)
                    .into_iter()
                    .map(|it| it.word.to_owned()),
            ),
            Run::Latin(run) => {
                words.insert(stem(&run));
            }
        }
    }
    words
}

/// Every character and every pair of neighbours of the Chinese runs of a text.
pub(crate) fn grams(text: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for run in runs(&fold(text)) {
        if let Run::Han(run) = run {
            grams.extend(run.chars().map(String::from));
            grams.extend(pairs(&run));
        }
    }
    grams
}

/// The pairs of neighbours of a run.
pub(crate) fn pairs(run: &str) -> Vec<String> {
    run.chars()
        .zip(run.chars().skip(1))
        .map(|(one, two)| String::from_iter([one, two]))
        .collect()
}

/// The words of other scripts of a text, not stemmed.
pub(crate) fn latin(text: &str) -> BTreeSet<String> {
    runs(&fold(text))
        .into_iter()
        .filter_map(|it| if let Run::Latin(run) = it { Some(run) } else { None })
        .collect()
}

/// Stems an English word; other words stay.
pub(crate) fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() > 40 || !word.bytes().all(|it| it.is_ascii_alphabetic()) {
        return word.to_owned();
    }
    thread_local! {
        static STEMMER: std::cell::RefCell<TextAnalyzer> =
            std::cell::RefCell::new(TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::English)).build());
    }
    STEMMER.with_borrow_mut(|stemmer| {
        let mut stream = stemmer.token_stream(word);
        if stream.advance() {
            stream.token().text.clone()
        } else {
            word.to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_number_of_characters() {
        for text in ["臺灣戶籍ＡＢＣ　１２", "İstanbul ﬀ ß", "乾隆後面", "𠮷野家", ""] {
            assert_eq!(fold(text).chars().count(), text.chars().count(), "{text}");
        }
        assert_eq!(fold("不動產登記資訊"), "不动产登记资讯");
        assert_eq!(fold("ＧＤＰ"), "gdp");
    }

    #[test]
    fn words_inside_runs_are_found() {
        let found = words("全市不动产登记信息");
        for word in ["不动产", "登记", "信息", "全市"] {
            assert!(found.contains(word), "{word} in {found:?}");
        }
        assert!(words("人口库").contains("人口"));
    }

    #[test]
    fn runs_are_cut_by_script() {
        assert_eq!(
            runs("2023年gdp-数据"),
            [
                Run::Latin("2023".into()),
                Run::Han("年".into()),
                Run::Latin("gdp".into()),
                Run::Han("数据".into())
            ]
        );
        assert_eq!(stem("registrations"), stem("registration"));
    }
}
