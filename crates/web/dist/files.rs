// Made by assets/build.mjs; do not edit.
&[
    File {
        name: "main.css",
        hashed: "main-535b69941371.css",
        kind: "text/css; charset=utf-8",
        raw: include_bytes!("main-535b69941371.css"),
        gzip: include_bytes!("main-535b69941371.css.gz"),
    },
    File {
        name: "main.js",
        hashed: "main-5592a0532326.js",
        kind: "text/javascript; charset=utf-8",
        raw: include_bytes!("main-5592a0532326.js"),
        gzip: include_bytes!("main-5592a0532326.js.gz"),
    },
    File {
        name: "mark.svg",
        hashed: "mark-113cf53ceb5a.svg",
        kind: "image/svg+xml",
        raw: include_bytes!("mark-113cf53ceb5a.svg"),
        gzip: include_bytes!("mark-113cf53ceb5a.svg.gz"),
    },
]
