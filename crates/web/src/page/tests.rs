//! Every page with a sample, in both languages: it renders, has one heading, no key shows through, and nothing inline.
//! The pages are written to the temporary folder (`jutong-pages`) for the checks from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use askama::Template;

use crate::{locale::Lang, page::Ui};

mod samples;

fn check(name: &str, lang: Lang, html: &str) {
    let folder = std::env::temp_dir().join("jutong-pages");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.{}.html", lang.code())), html).unwrap();
    assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading");
    assert!(
        !html.contains("<script>") && !html.contains(" style=\"") && !html.contains(" onclick="),
        "{name}: inline"
    );
}

#[test]
fn every_page_renders_in_both_languages() {
    for lang in Lang::ALL {
        samples::each(lang, &mut |name, html| check(name, lang, &html));
    }
}

#[test]
fn parts_are_parts() {
    let run = samples::run(samples::ui(Lang::Zh, "deliveries"), true);
    let part = run.as_live().render().unwrap();
    assert!(part.trim_start().starts_with("<div id=\"live\" hx-get="), "{part}");
    assert!(!part.contains("<html"));
    assert!(run.render().unwrap().contains(part.trim()));
    let done = samples::run(samples::ui(Lang::Zh, "deliveries"), false)
        .as_live()
        .render()
        .unwrap();
    assert!(!done.contains("hx-trigger"), "a finished run does not ask again");
}

#[test]
fn texts_are_escaped() {
    let mut page = samples::search(samples::ui(Lang::En, "catalog"));
    page.form.q = "<script>alert(1)</script>\"".to_owned();
    let html = page.render().unwrap();
    assert!(!html.contains("<script>alert"));
}

#[test]
fn found_words_are_marked() {
    use super::catalog::Marked;
    let marked = Marked::find("行政区划 Divisions", &["区划".to_owned(), "div".to_owned()]);
    let hits: Vec<_> = marked.0.iter().filter(|it| it.1).map(|it| it.0.as_str()).collect();
    assert_eq!(hits, ["区划", "Div"]);
}

#[test]
fn forms_are_read() {
    use super::{
        Fields,
        catalog::ItemForm,
        request::{DecisionForm, RequestForm},
    };
    let pairs = [
        ("items", "姓名"),
        ("items", "证件号码"),
        ("mask.姓名", "name"),
        ("own.证件号码", "keep-ends(2,2)"),
        ("mask.证件号码", "clear"),
        ("until-year", "2027"),
        ("until-month", "3"),
        ("until-day", "9"),
        ("item.0.name", "姓名"),
        ("item.0.key", "yes"),
        ("item.1.name", "地址"),
    ];
    let fields = Fields(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
    let decision = DecisionForm::from_fields(&fields);
    assert_eq!(decision.mask_of("姓名"), "name");
    assert_eq!(decision.mask_of("证件号码"), "keep-ends(2,2)");
    assert_eq!(decision.until, "2027-03-09");
    assert_eq!(RequestForm::from_fields(&fields).items.len(), 2);
    let items = ItemForm::from_fields(&fields);
    assert_eq!(items.len(), 2);
    assert!(items[0].key && !items[1].key);
}

#[test]
fn switch_keeps_the_page() {
    let ui = Ui {
        path: "/search?q=a".to_owned(),
        ..samples::ui(Lang::Zh, "catalog")
    };
    assert_eq!(ui.switch(), "/search?q=a&lang=en");
}
