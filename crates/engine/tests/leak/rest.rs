//! The questions of the REST door, side by side on the governed table and on the copy: selects, pages, counts, lookups.

use engine::{Error, Filter, FilterOp, Opened, Select, Sort, arrow::array::RecordBatch};

const ITEMS: &[(&str, &[&str])] = &[
    ("id", &["0", "7", "60", "-1"]),
    ("code", &["0007", "not-a-number", "0014"]),
    ("region", &["330106", "440106", "33"]),
    ("qty", &["0", "3", "25", "100"]),
    ("amount", &["0", "31.01", "9999999999.99"]),
    ("name", &["张**", "张三丰"]),
    ("born", &["1955-06-01", "9999-12-31"]),
    ("note", &["n1 中𠮷", "[unclosed poison"]),
    ("prefix", &["3301", "330106"]),
];

pub struct Questions(pub u64);

impl Questions {
    fn below(&mut self, n: usize) -> usize {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn value(&mut self) -> (&'static str, String) {
        let (item, values) = ITEMS[self.below(ITEMS.len())];
        (item, values[self.below(values.len())].to_owned())
    }

    fn filter(&mut self) -> Filter {
        use FilterOp::{Eq, Ge, Gt, In, IsNull, Le, Lt, Ne, NotNull, StartsWith};
        let (item, value) = self.value();
        let op = [Eq, Ne, Lt, Le, Gt, Ge, In, IsNull, NotNull, StartsWith][self.below(10)];
        let values = if matches!(op, IsNull | NotNull) {
            Vec::new()
        } else {
            vec![value]
        };
        Filter {
            item: item.to_owned(),
            op,
            values,
        }
    }

    fn select(&mut self) -> Select {
        let filters = (0..self.below(3)).map(|_| self.filter()).collect();
        let sort = (0..self.below(2)).map(|_| Sort {
            item: ITEMS[self.below(ITEMS.len())].0.to_owned(),
            descending: self.below(2) == 0,
        });
        let mut sort: Vec<_> = sort.collect();
        if sort.iter().all(|it| it.item != "id") {
            sort.push(Sort {
                item: "id".to_owned(),
                descending: self.below(4) == 0,
            });
        }
        Select {
            filters,
            sort,
            limit: Some(self.below(20) as u64 + 1),
            ..Select::default()
        }
    }

    /// Asks both the same; they must answer the same.
    pub async fn compare(&mut self, world: &str, governed: &Opened, copy: &Opened) {
        let select = self.select();
        let (ours, theirs) = (selected(governed, &select).await, selected(copy, &select).await);
        assert_eq!(ours, theirs, "{world}: select {select:?}");
        let (ours, theirs) = (paged(governed, &select).await, paged(copy, &select).await);
        assert_eq!(ours, theirs, "{world}: pages of {select:?}");
        let ours = governed.count("person", &select).await.map_err(told);
        let theirs = copy.count("person", &select).await.map_err(told);
        assert_eq!(ours, theirs, "{world}: count {select:?}");
        // At once on ours, so that some are fetched together; one by one on the copy.
        let asked: Vec<_> = (0..3).map(|_| self.value()).collect();
        let ours = asked.iter().map(async |(item, value)| {
            let found = governed.lookup_json("person", &[(*item, value)]).await;
            found.map_err(told)
        });
        let ours = futures::future::join_all(ours).await;
        for ((item, value), ours) in asked.iter().zip(ours) {
            let theirs = copy.lookup_json("person", &[(*item, value)]).await.map_err(told);
            assert_eq!(ours, theirs, "{world}: lookup {item} {value}");
        }
    }
}

fn told(error: Error) -> String {
    match error {
        Error::Internal(inner) => panic!("internal: {inner:?}"),
        other => other.to_string(),
    }
}

fn text(rows: &RecordBatch) -> String {
    let table = engine::arrow::util::pretty::pretty_format_batches(std::slice::from_ref(rows));
    table.unwrap().to_string()
}

async fn selected(opened: &Opened, select: &Select) -> Result<Vec<String>, String> {
    let rows = opened.select("person", select).await.map_err(told)?;
    let (batches, _) = rows.collect_all().await.map_err(told)?;
    Ok(batches.iter().filter(|it| it.num_rows() > 0).map(text).collect())
}

async fn paged(opened: &Opened, select: &Select) -> Result<Vec<String>, String> {
    let (mut pages, mut question) = (Vec::new(), select.clone());
    for _ in 0..3 {
        let page = opened.page("person", &question).await.map_err(told)?;
        pages.push(text(&page.rows));
        match page.next {
            Some(next) => question.after = Some(next),
            None => break,
        }
    }
    Ok(pages)
}
