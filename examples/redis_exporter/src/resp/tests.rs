#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

/// Returns all replies of a text, and the number of elements that were dropped.
async fn read(text: &str) -> (Vec<Reply>, u64) {
    let mut replies = Replies::new(text.as_bytes());
    let mut all = Vec::new();
    while let Ok(reply) = replies.reply().await {
        all.push(reply);
    }
    (all, replies.dropped())
}

fn text(text: &str) -> Reply {
    Reply::Text(text.as_bytes().to_vec())
}

#[tokio::test]
async fn replies_of_every_kind_are_read() {
    let (replies, dropped) = read(
        "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n\
         *2\r\n*2\r\n$1\r\na\r\n:1\r\n*1\r\n+b\r\n",
    )
    .await;
    let nested = Reply::Array(vec![
        Reply::Array(vec![text("a"), Reply::Integer(1)]),
        Reply::Array(vec![text("b")]),
    ]);
    let error = Reply::Error("ERR no".to_owned());
    let empty = Reply::Array(Vec::new());
    let nil = || Reply::Nil;
    let all = [
        text("OK"),
        error,
        Reply::Integer(-7),
        text("a\r\n"),
        text(""),
        nil(),
        nil(),
        empty,
        nested,
    ];
    assert_eq!((replies, dropped), (all.into(), 0));
}

#[tokio::test]
async fn malformed_replies_differ_from_incomplete_ones() {
    for text in [
        "HTTP/1.1 400 Bad Request\r\n",
        "_\r\n",
        "%1\r\n+a\r\n+b\r\n",
        ":x\r\n",
        ":99999999999999999999\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$1\r\nabc\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        &format!("+{}\r\n", "x".repeat(1 << 16)),
    ] {
        let error = Replies::new(text.as_bytes()).reply().await.unwrap_err();
        assert!(matches!(error, ReadError::Malformed), "{text}: {error:?}");
    }
    for text in ["", "+", "+OK", "$3\r\nab", "$1\r\na\r", "*1\r\n"] {
        let error = Replies::new(text.as_bytes()).reply().await.unwrap_err();
        assert!(matches!(error, ReadError::Io(_)), "{text}: {error:?}");
    }
}

#[tokio::test]
async fn only_the_element_over_the_limit_is_dropped() {
    let long = format!("*3\r\n+a\r\n$2000000\r\n{}\r\n+b\r\n:1\r\n", "x".repeat(2_000_000));
    let reply = Reply::Array(vec![text("a"), Reply::Nil, text("b")]);
    assert_eq!(read(&long).await, (vec![reply, Reply::Integer(1)], 1));
    let (number, most) = (40_000, 1 << 15);
    let many = format!("*{number}\r\n{}:1\r\n", ":2\r\n".repeat(number));
    let (replies, dropped) = read(&many).await;
    assert_eq!(replies.first().unwrap().elements().len(), most);
    assert_eq!((replies.get(1), dropped), (Some(&Reply::Integer(1)), (number - most) as u64));
}

#[tokio::test]
async fn info_is_read_line_by_line() {
    let read = async |reply: &str| {
        let mut text = InfoText::default();
        let mut replies = Replies::new(reply.as_bytes());
        let other = replies.info(&mut text).await.unwrap();
        (other, text.parse().fields.text("a").map(str::to_owned), text.dropped())
    };
    let info = |text: &str| format!("${}\r\n{text}\r\n", text.len());
    let [one, two] = ["1", "2"].map(|text| Some(text.to_owned()));
    assert_eq!(read(&info("# A\r\na:1\r\n\r\nb:2")).await, (None, one, 0));
    assert_eq!(read(&info("a:2")).await, (None, two.clone(), 0));
    // A line that is too long is dropped as a whole: a cut line would have a wrong value.
    let long = format!("b:{}\r\na:2\r\n", "x".repeat(100_000));
    assert_eq!(read(&info(&long)).await, (None, two, 1));
    assert_eq!(read("-ERR no\r\n").await, (Some(Reply::Error("ERR no".to_owned())), None, 0));
    let mut text = InfoText::default();
    let cut = Replies::new(&b"$9\r\na:1\r\nb"[..]).info(&mut text).await;
    assert!(matches!(cut, Err(ReadError::Io(_))), "{cut:?}");
    assert_eq!(text.parse().fields.text("a"), Some("1"));
}
