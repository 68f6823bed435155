#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::OnceLock;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::store::testing::{at, complete, org};

fn doc(number: i64, name: &str, name_en: &str, summary: &str, items: &[&str], keywords: &[&str]) -> SearchDoc {
    let provider = org("滨海市公安局", None);
    let mut content = complete(&provider);
    content.name = name.to_owned();
    content.name_en = name_en.to_owned();
    content.summary = summary.to_owned();
    content.keywords = keywords.iter().map(|it| (*it).to_owned()).collect();
    content.items.clear();
    content.national_code = Some(format!("101001/{number:06}"));
    content.local_code = Some(format!("BH-{number:03}"));
    let mut it = SearchDoc::new(vocab::ResourceId::new(), &content, &provider, at(number), true);
    it.items = items.iter().map(|it| (*it).to_owned()).collect();
    it
}

fn shelf() -> Vec<SearchDoc> {
    let mut all = vec![
        doc(
            1,
            "全市人口库基本信息",
            "Population register",
            "户籍人口的基本登记信息。",
            &["公民身份号码", "姓名", "id_card"],
            &["户籍"],
        ),
        doc(
            2,
            "不动产登记信息",
            "Real estate registration",
            "房屋与土地权利人。",
            &["不动产权证号", "坐落"],
            &["房产"],
        ),
        doc(
            3,
            "低保对象名册",
            "Recipients of minimum living allowance",
            "含人口、家庭收入与保障金额。",
            &["姓名", "保障金额"],
            &["社会救助"],
        ),
        doc(
            4,
            "臺胞證件資訊",
            "Permits of Taiwan residents",
            "出入境登记。",
            &["證件號碼"],
            &[],
        ),
        doc(
            5,
            "医疗机构名录",
            "Registered hospitals",
            "执业许可。",
            &["机构名称", "人口数"],
            &["卫生"],
        ),
        doc(
            6,
            "企业年报",
            "Annual reports of companies",
            "市场主体年度报告。",
            &["统一社会信用代码"],
            &["人口"],
        ),
    ];
    all[4].theme = Some("健康保障".to_owned());
    all[5].sharing = vocab::SharingClass::Conditional;
    all
}

fn index() -> &'static (tempfile::TempDir, Index) {
    static INDEX: OnceLock<(tempfile::TempDir, Index)> = OnceLock::new();
    INDEX.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        assert!(index.is_empty());
        index.upsert(&shelf()).unwrap();
        index.commit(None).unwrap();
        (dir, index)
    })
}

fn names(query: &Query) -> Vec<String> {
    index()
        .1
        .search(query)
        .unwrap()
        .hits
        .into_iter()
        .map(|it| it.doc.name)
        .collect()
}

fn find(text: &str) -> Vec<String> {
    names(&Query::text(text))
}

#[test]
fn words_inside_runs_are_found_and_ranked_by_place() {
    // name, items, keywords, summary
    assert_eq!(
        find("人口"),
        ["全市人口库基本信息", "医疗机构名录", "企业年报", "低保对象名册"]
    );
    assert_eq!(find("登记")[0], "不动产登记信息");
    assert_eq!(find("动产登")[0], "不动产登记信息", "characters across words");
    assert_eq!(find("库"), ["全市人口库基本信息"], "one character");
    assert_eq!(find("不动"), ["不动产登记信息"], "while typing");
}

#[test]
fn pinyin_and_initials_are_found() {
    assert_eq!(find("renkouku"), ["全市人口库基本信息"]);
    assert_eq!(find("renkouk"), ["全市人口库基本信息"], "while typing");
    assert_eq!(find("rkk"), ["全市人口库基本信息"]);
    assert_eq!(find("RKK"), ["全市人口库基本信息"]);
    assert_eq!(find("bdcdj"), ["不动产登记信息"]);
    assert!(find("xingming").contains(&"低保对象名册".to_owned()), "items too");
}

#[test]
fn every_usual_reading_of_a_character_finds_it() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let words = [
        ("旅游企业名录", "lvyou", "[旅游]企业名录"),
        ("妇女儿童档案", "funv", "[妇女]儿童档案"),
        ("法律援助案件", "falv", "[法律]援助案件"),
        ("城市绿化面积", "lvhua", "城市[绿化]面积"),
        ("重庆航班", "chongqing", "[重庆]航班"),
        ("长沙车站", "changsha", "[长沙]车站"),
        ("人民调解记录", "tiaojie", "人民[调解]记录"),
        ("厦门口岸", "xiamen", "[厦门]口岸"),
        ("成都地铁", "chengdu", "[成都]地铁"),
        ("银行网点", "yinhang", "[银行]网点"),
        ("会计从业资格", "kuaiji", "[会计]从业资格"),
        ("中小学校舍", "xiaoshe", "中小学[校舍]"),
        ("计量校准证书", "jiaozhun", "计量[校准]证书"),
    ];
    let docs: Vec<SearchDoc> = (0..)
        .zip(words)
        .map(|(at, it)| doc(at, it.0, "", "", &[], &[]))
        .collect();
    index.upsert(&docs).unwrap();
    index.commit(None).unwrap();
    for (name, typed, marked) in words {
        let hits = index.search(&Query::text(typed)).unwrap();
        assert!(!hits.relaxed, "{typed}");
        let hit = hits.hits.first().unwrap_or_else(|| panic!("{typed} finds nothing"));
        assert_eq!(hit.doc.name, name, "{typed}");
        let shown: String = hit
            .name()
            .into_iter()
            .map(|(hit, it)| if hit { format!("[{it}]") } else { it.to_owned() })
            .collect();
        assert_eq!(shown, marked, "{typed}");
    }
    for (typed, name) in [
        ("luyou", "旅游企业名录"),
        ("cqhb", "重庆航班"),
        ("kjcy", "会计从业资格"),
    ] {
        assert_eq!(
            index.search(&Query::text(typed)).unwrap().hits[0].doc.name,
            name,
            "{typed}"
        );
    }
}

#[test]
fn traditional_and_simplified_find_each_other() {
    assert_eq!(find("不動產登記"), ["不动产登记信息"]);
    assert_eq!(find("台胞证件"), ["臺胞證件資訊"]);
    assert_eq!(find("證件號碼"), ["臺胞證件資訊"]);
}

#[test]
fn english_and_codes_are_found() {
    assert_eq!(find("registered hospital"), ["医疗机构名录"]);
    assert_eq!(find("registrations")[0], "不动产登记信息");
    assert_eq!(find("hosp"), ["医疗机构名录"], "while typing");
    assert_eq!(find("id_card"), ["全市人口库基本信息"]);
    assert_eq!(find("101001/000002"), ["不动产登记信息"]);
    assert_eq!(find("bh-003"), ["低保对象名册"]);
    assert_eq!(find("000004"), ["臺胞證件資訊"]);
}

#[test]
fn every_word_counts_until_nothing_is_left() {
    assert_eq!(find("人口 户籍"), ["全市人口库基本信息"]);
    let hits = index().1.search(&Query::text("不动产 恐龙化石")).unwrap();
    assert!(hits.relaxed);
    assert_eq!(hits.hits[0].doc.name, "不动产登记信息");
    let hits = index().1.search(&Query::text("hospitels")).unwrap();
    assert!(hits.relaxed, "one letter wrong");
    assert_eq!(hits.hits[0].doc.name, "医疗机构名录");
    let hits = index().1.search(&Query::text("恐龙化石")).unwrap();
    assert_eq!((hits.total, hits.relaxed), (0, false));
    assert_eq!(find("的人口")[0], "全市人口库基本信息");
}

#[test]
fn an_empty_query_gives_all_newest_first() {
    assert_eq!(find("  ")[0], "企业年报");
    assert_eq!(find("").len(), 6);
    assert!(find("!!! ()").is_empty());
    let page = Query {
        offset: 4,
        limit: 1,
        ..Query::default()
    };
    assert_eq!(names(&page), ["不动产登记信息"]);
    assert_eq!(
        names(&Query {
            sort: Sort::Name,
            ..Query::default()
        })[..2],
        ["不动产登记信息", "低保对象名册"]
    );
}

#[test]
fn facets_count_what_a_choice_would_leave() {
    let index = &index().1;
    let all = index.search(&Query::default()).unwrap();
    assert_eq!(
        all.facets[&Facet::Sharing]
            .iter()
            .map(|it| (it.value.as_str(), it.count))
            .collect::<Vec<_>>(),
        [("unconditional", 5), ("conditional", 1)]
    );
    let some = index
        .search(&Query::default().only(Facet::Sharing, "conditional"))
        .unwrap();
    assert_eq!(some.total, 1);
    assert_eq!(
        some.facets[&Facet::Sharing].len(),
        2,
        "the other choices of the facet stay"
    );
    assert_eq!(some.facets[&Facet::Theme].iter().map(|it| it.count).sum::<u64>(), 1);
    let none = index
        .search(
            &Query::default()
                .only(Facet::Sharing, "conditional")
                .only(Facet::Theme, "健康保障"),
        )
        .unwrap();
    assert_eq!(none.total, 0);
    assert_eq!(
        index
            .search(&Query::text("人口").only(Facet::Theme, "没有这个主题"))
            .unwrap()
            .total,
        0
    );
}

#[test]
fn matches_are_marked_in_the_original_text() {
    let shown = |text: &str| {
        let hits = index().1.search(&Query::text(text)).unwrap();
        let hit = &hits.hits[0];
        let mark = |pieces: Vec<(bool, &str)>| {
            pieces
                .into_iter()
                .map(|(matched, it)| if matched { format!("[{it}]") } else { it.to_owned() })
                .collect::<String>()
        };
        format!("{} | {}", mark(hit.name()), mark(hit.summary()))
    };
    expect!["全市[人口]库基本信息 | 户籍[人口]的基本登记信息。"].assert_eq(&shown("人口"));
    expect!["全市[人口库]基本信息 | 户籍人口的基本登记信息。"].assert_eq(&shown("rkk"));
    expect!["[臺胞]證件資訊 | 出入境登记。"].assert_eq(&shown("台胞"));
}

#[test]
fn what_is_not_published_is_seen_by_its_provider_alone() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let mut docs = shelf();
    docs[0].visible = false;
    index.upsert(&docs).unwrap();
    index.commit(None).unwrap();
    let total = |audience| {
        index
            .search(&Query {
                audience,
                ..Query::text("人口库")
            })
            .unwrap()
            .total
    };
    assert_eq!(total(Audience::Everyone), 0);
    assert_eq!(total(Audience::Provider(docs[1].provider)), 0);
    assert_eq!(total(Audience::Provider(docs[0].provider)), 1);
    assert_eq!(total(Audience::Authority), 1);

    docs[0].visible = true;
    index.upsert(&docs[..1]).unwrap();
    index.remove(&[docs[1].id]).unwrap();
    index.commit(None).unwrap();
    assert_eq!(total(Audience::Everyone), 1);
    assert_eq!(index.len(), 5);
    drop(index);
    let again = Index::open(dir.path()).unwrap();
    assert_eq!(again.len(), 5, "it is found as it was left");
    again.clear().unwrap();
    again.commit(None).unwrap();
    assert!(again.is_empty());
}

#[test]
fn two_processes_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Index::open(dir.path()).unwrap(), Index::open(dir.path()).unwrap());
    one.upsert(&shelf()[..1]).unwrap();
    one.commit(None).unwrap();
    two.upsert(&shelf()[1..2]).unwrap();
    two.commit(None).unwrap();
    assert_eq!(two.len(), 2);
}

#[test]
fn what_breaks_off_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Index::open(dir.path()).unwrap(), Index::open(dir.path()).unwrap());
    one.upsert(&shelf()).unwrap();
    one.commit(Some("7")).unwrap();
    assert_eq!(two.mark().unwrap().as_deref(), Some("7"), "every process sees the mark");
    one.clear().unwrap();
    one.upsert(&shelf()[..1]).unwrap();
    assert!(matches!(two.clear(), Err(Error::Busy)), "one writes at a time");
    one.rollback();
    two.commit(Some("8")).unwrap();
    assert_eq!(
        (one.mark().unwrap().as_deref(), two.len()),
        (Some("8"), 6),
        "the clearing is forgotten"
    );
}

#[test]
fn a_broken_folder_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join(schema::FORMAT)).unwrap();
    std::fs::write(dir.path().join(schema::FORMAT).join("meta.json"), "{broken").unwrap();
    assert!(Index::open(dir.path()).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        index().1.search(&Query::text(text)).unwrap();
    }

    #[test]
    fn no_sign_is_syntax(text in r#"[人口库a-c0-9 +\-&|!(){}\[\]^"~*?:\\/<>=%_'.]{0,24}"#) {
        let hits = index().1.search(&Query::text(text)).unwrap();
        for hit in &hits.hits {
            let name: String = hit.name().into_iter().map(|it| it.1).collect();
            prop_assert_eq!(&name, &hit.doc.name);
        }
    }
}
