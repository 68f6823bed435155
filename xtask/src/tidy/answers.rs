//! Answers to questions, kept in one file.

use serde::Deserialize;

use super::{Fault, Question, fault};

/// Where answers are.
pub const PATH: &str = "docs/tidy-answers.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    answer: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    path: String,
    kind: String,
    reason: String,
}

/// Turns unanswered questions, answers without reason and answers without question into faults.
pub fn settle(answers: Option<&str>, questions: Vec<Question>, faults: &mut Vec<Fault>) {
    let answers = match toml::from_str::<File>(answers.unwrap_or_default()) {
        Ok(file) => file.answer,
        Err(error) => {
            faults.push(fault(PATH, format!("cannot be read: {}", error.message())));
            return;
        }
    };
    for answer in &answers {
        if answer.reason.split_whitespace().count() < 4 {
            faults.push(fault(
                PATH,
                format!("{}: `{}` has no reason worth the name", answer.path, answer.kind),
            ));
        }
        if !questions
            .iter()
            .any(|it| it.path == answer.path && it.kind == answer.kind)
        {
            faults.push(fault(
                PATH,
                format!(
                    "{}: `{}` is not asked any more, take the answer out",
                    answer.path, answer.kind
                ),
            ));
        }
    }
    for question in questions {
        if !answers
            .iter()
            .any(|it| it.path == question.path && it.kind == question.kind)
        {
            let what = format!(
                "{} (kind `{}`; make it smaller, or answer in {PATH})",
                question.what, question.kind
            );
            faults.push(fault(question.path, what));
        }
    }
}
