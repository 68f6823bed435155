//! Between the form of a request and what is asked.

use chrono::NaiveDate;
use platform::{
    App,
    catalog::{Content, Item},
    seal::Suite,
    sharing::{Application, Request},
    vocab::{DataType, GrantedItem, Mask, SharingMode, profile::Meaning},
};

use super::super::story::{self, last_day, midnight, rule_text, typed_day, typed_number, typed_rule};
use crate::{
    locale::beijing,
    page::{
        Errors, Sheet, Ui,
        request::{Opinion, RequestForm},
    },
    problem::Problem,
};

/// What was asked, as the form shows it.
pub(super) fn form_of(it: &Application, warranted: bool) -> RequestForm {
    let bounded = it.until > it.from;
    RequestForm {
        ground: it.basis.code().to_owned(),
        basis: it.basis_text.clone(),
        scenario: it.scenario.clone(),
        purpose: it.purpose.code().to_owned(),
        items: it.items.iter().map(|it| it.item.clone()).collect(),
        masks: it
            .items
            .iter()
            .map(|it| (it.item.clone(), it.mask.to_string()))
            .collect(),
        rows: rule_text(&it.rows),
        modes: it.modes.iter().map(|it| it.code().to_owned()).collect(),
        from: beijing(it.from).date_naive().to_string(),
        until: if bounded {
            last_day(it.until).to_string()
        } else {
            String::new()
        },
        quota: it.quota_per_day.map(|it| it.to_string()).unwrap_or_default(),
        warrant: if warranted { "yes".to_owned() } else { String::new() },
        note: String::new(),
    }
}

/// What the form asks for; nothing where it cannot be read, with the reasons in `errors`. A draft may lack parts: a
/// period without an end ends when it begins, which no submission passes.
pub(super) fn application(
    ui: &Ui,
    form: &RequestForm,
    content: &Content,
    today: NaiveDate,
    errors: &mut Errors,
) -> Option<Application> {
    let choose = |label: &str| ui.a("error-choose", ui.t(label));
    let basis = form.ground.parse().ok();
    if basis.is_none() {
        errors.add("ground", choose("request-ground"));
    }
    let purpose = form.purpose.parse().ok();
    if purpose.is_none() {
        errors.add("purpose", choose("request-purpose"));
    }
    let items = items(ui, form, content, errors);
    let rows = typed_rule(ui, &form.rows, errors);
    let first = typed_day(ui, &form.from, "from", errors).unwrap_or(today);
    let last = typed_day(ui, &form.until, "until", errors);
    let quota_per_day = typed_number(ui, &form.quota, "quota", errors);
    let from = midnight(first, 0)?;
    Some(Application {
        basis: basis?,
        basis_text: form.basis.clone(),
        scenario: form.scenario.clone(),
        purpose: purpose?,
        items,
        rows,
        modes: form
            .modes
            .iter()
            .filter_map(|it| it.parse::<SharingMode>().ok())
            .collect(),
        from,
        until: last.and_then(|it| midnight(it, 1)).unwrap_or(from),
        quota_per_day,
    })
}

fn items(ui: &Ui, form: &RequestForm, content: &Content, errors: &mut Errors) -> Vec<GrantedItem> {
    let mut all = Vec::new();
    for name in &form.items {
        match mask(form, content, name) {
            Ok(mask) => all.push(GrantedItem {
                item: name.clone(),
                mask,
            }),
            Err(why) => errors.add("items", ui.a("error-mask", why)),
        }
    }
    all
}

/// The wished mask; the catalogue's when nothing is wished.
fn mask(form: &RequestForm, content: &Content, name: &str) -> Result<Mask, String> {
    match form.mask_of(name).as_str() {
        "" => Ok(content.item(name).map(|it| it.mask.clone()).unwrap_or_default()),
        text => text.parse().map_err(|error: platform::vocab::mask::MaskError| error.0),
    }
}

/// How the columns will look: made-up values under the wished masks, never rows of anybody.
pub(super) fn sample(form: &RequestForm, content: &Content) -> Sheet {
    let mut sheet = Sheet {
        rows: vec![Vec::new(), Vec::new()],
        ..Sheet::default()
    };
    for (at, item) in content
        .items
        .iter()
        .filter(|it| form.items.contains(&it.name))
        .enumerate()
    {
        let mask = mask(form, content, &item.name).unwrap_or(Mask::Null);
        sheet.columns.push(item.name.clone());
        if !mask.is_clear() {
            sheet.masked.push(at);
        }
        for (row, value) in sheet.rows.iter_mut().zip(made_up(item)) {
            row.push(mask.apply_text(value, b"sample", &|key, text| Suite::National.hmac(key, text)));
        }
    }
    sheet
}

const fn made_up(item: &Item) -> [&'static str; 2] {
    match (item.meaning, item.data_type) {
        (Some(Meaning::CitizenId), _) => ["11010519491231002X", "440524188001010014"],
        (Some(Meaning::CreditCode), _) => ["91350100M000100Y43", "12100000400000624D"],
        (Some(Meaning::OrganisationCode), _) => ["400000624", "D21438902"],
        (Some(Meaning::DivisionCode), _) => ["110105", "440524"],
        (Some(Meaning::Phone), _) => ["13800138000", "13900139000"],
        (Some(Meaning::Postcode), _) => ["100000", "310000"],
        (Some(Meaning::PersonName), _) => ["张三", "欧阳小明"],
        (Some(Meaning::Address), _) => ["浙江省杭州市西湖区文三路 1 号", "北京市朝阳区建国路 2 号"],
        (Some(Meaning::Email), _) => ["zhangsan@example.cn", "lisi@example.cn"],
        (_, DataType::Date) => ["2020-01-15", "2021-06-30"],
        (_, DataType::Boolean) => ["true", "false"],
        (_, DataType::Integer) => ["1", "20"],
        (_, DataType::Decimal { .. } | DataType::Double) => ["12.50", "100.00"],
        _ => ["示例甲", "示例乙"],
    }
}

/// The opinions given on the way, newest first.
pub(super) async fn opinions(app: &App, ui: &Ui, it: &Request) -> Result<Vec<Opinion>, Problem> {
    let people: Vec<_> = it.opinions.iter().map(|it| it.by).collect();
    let names = story::people(ui, app, &people).await?;
    let opinion = |it: &platform::sharing::request::Opinion| Opinion {
        who: names.get(&it.by).cloned().unwrap_or_default(),
        at: it.at,
        verdict: ui.state("opinion", &it.event),
        text: it.text.clone(),
    };
    Ok(it.opinions.iter().rev().map(opinion).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn made_up_values_are_masked() {
        let mut item = Item::new("姓名", DataType::Text);
        item.meaning = Some(Meaning::PersonName);
        assert_eq!(made_up(&item), ["张三", "欧阳小明"]);
        let hmac = |key: &[u8], text: &[u8]| Suite::National.hmac(key, text);
        assert_eq!(Mask::Name.apply_text("张三", b"", &hmac).unwrap(), "张*");
    }
}
