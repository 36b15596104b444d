//! Lists as other systems export them, imported by the command line through a server: read right,
//! or told.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ballast::pb;

use crate::support::TestServer;
use crate::support::ledger::{Desk, date};

/// A folder with files, and a server that they are imported into.
pub struct Import<'a> {
    server: &'a TestServer,
    folder: tempfile::TempDir,
}

pub struct Said {
    status: Option<i32>,
    pub text: String,
    /// The error file, if there is one.
    pub errors: String,
}

const HEADERS: &str = "document_no,payer,document_date,due_date,currency,amount";

impl<'a> Import<'a> {
    pub fn new(server: &'a TestServer) -> Self {
        Self { server, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).expect("written");
        self.path(name).display().to_string()
    }

    pub fn run(&self, arguments: &[&str], input: Option<&[u8]>) -> Said {
        let errors = self.path("errors.csv");
        let _ = std::fs::remove_file(&errors);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ballast"))
            .arg("import")
            .args(["--server", &format!("http://{}", self.server.address())])
            .args(["--errors", &errors.display().to_string()])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stdin = command.stdin.take().expect("an input");
        stdin.write_all(input.unwrap_or_default()).ok();
        drop(stdin);
        let output = command.wait_with_output().expect("it ends");
        let text = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
        Said {
            status: output.status.code(),
            text: text.concat(),
            errors: std::fs::read_to_string(errors).unwrap_or_default(),
        }
    }

    /// Imports rows under the usual headers, and more of them.
    pub fn rows(&self, more: &str, rows: &str, options: &[&str]) -> Said {
        let file = self.write("rows.csv", format!("{HEADERS}{more}\n{rows}"));
        self.run(&[&[file.as_str()], options].concat(), None)
    }

    fn mapped(&self, settings: &str, columns: &str, file: &str) -> Said {
        let mapping = format!(
            "name = \"test\"\n{settings}\n[columns]\ndocument_no = \"document_no\"\npayer = \"payer\"\n\
             document_date = \"document_date\"\ndue_date = \"due_date\"\ncurrency = \"currency\"\n{columns}"
        );
        let mapping = self.write("mapping.toml", mapping);
        self.run(&[file, "--mapping", &mapping], None)
    }

    async fn open(&self) -> Vec<(String, String)> {
        self.open_on("2026-06-30").await
    }

    /// What is open on a day: number and amount.
    pub async fn open_on(&self, day: &str) -> Vec<(String, String)> {
        let request = pb::ExportOpenItemsRequest {
            account: "accounts/-".into(),
            as_of: Some(date(day)),
            ..pb::ExportOpenItemsRequest::default()
        };
        let client = &mut Desk::new(self.server).client;
        let mut export = client.export_open_items(request).await.expect("served").into_inner();
        let mut items = Vec::new();
        while let Some(part) = export.message().await.expect("a part") {
            for item in part.items {
                let key = item.key.expect("a key");
                items.push((key.document_no, crate::support::ledger::text(&item.open)));
            }
        }
        items.sort();
        items
    }
}

impl Said {
    pub fn assert_all(&self) -> &Self {
        assert_eq!(self.status, Some(0), "{}\n{}", self.text, self.errors);
        self
    }

    pub fn assert_some(&self) -> &Self {
        assert_eq!(self.status, Some(2), "{}\n{}", self.text, self.errors);
        self
    }

    pub fn assert_asked(&self, words: &str) {
        assert_eq!(self.status, Some(1), "{}\n{}", self.text, self.errors);
        assert!(self.text.contains(words), "{}", self.text);
    }

    pub fn assert_told(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "{}", self.text);
        self
    }

    /// The rows that were refused, by their lines and columns.
    pub fn refused(&self) -> Vec<(u64, String)> {
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).from_reader(self.errors.as_bytes());
        reader
            .records()
            .map(|row| row.expect("a row"))
            .map(|row| (row[1].parse().expect("a line"), row[2].to_owned()))
            .collect()
    }
}

pub fn items(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(no, open)| ((*no).to_owned(), (*open).to_owned())).collect()
}

/// A list in German, and what is in it.
const GERMAN: &str = "Offene Posten;;;;;\nStand: 31.01.2026;;;;;\n\ndocument_no;payer;payer_name;document_date;due_date;currency;amount\n\
    R1;a1;Müller GmbH;10.01.2026;09.02.2026;EUR;1.234,56\nR2;a1;Müller GmbH;11.01.2026;10.02.2026;EUR;99,50-\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("compressed");
    gzip.finish().expect("compressed")
}

/// A workbook of one sheet, its cells as they stand in its XML.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut sheet = String::new();
    for (at, cells) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">{}</row>", at + 1, cells.concat()));
    }
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"s1\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"st\" Type=\"{relations}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"Posten\" sheetId=\"1\" r:id=\"s1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{sheet}</sheetData></worksheet>"),
        ),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        zip.write_all(content.as_bytes()).expect("written");
    }
    zip.finish().expect("a workbook").into_inner()
}

on_both_engines! {
    async fn fault_f3_a_number_that_is_not_of_this_file_is_refused(server: TestServer) {
        let import = Import::new(&server);
        let mut file = "document_no;payer;document_date;due_date;currency;amount\n".to_owned();
        for n in 1..=40 {
            file.push_str(&format!("R{n:02};a1;2026-01-10;2026-02-09;USD;1.0{n:02},50\n"));
        }
        file.push_str("X1;a1;2026-01-10;2026-02-09;USD;110.7\nX2;a1;2026-01-10;2026-02-09;USD;1.234\n");
        let file = import.write("rows.csv", &file);
        let said = import.run(&[&file], None);
        assert_eq!(said.assert_some().refused(), [(42, "amount (column 6)".to_owned())]);
        said.assert_told("decimal ',', thousands '.'");
        let open = import.open().await;
        assert_eq!((open.len(), open[40].clone()), (41, ("X2".to_owned(), "1234.00".to_owned())));
        // As many of both kinds: nobody knows.
        import.rows("", "R1,a1,2026-01-10,,USD,\"1,5\"\nR2,a1,2026-01-10,,USD,1.5\n", &[])
            .assert_asked("decimal comma");
        import.rows("", "R1,a1,2026-01-10,,USD,1.234\n", &[]).assert_asked("or in thousands?");
        import.rows("", "Y1,a1,2026-01-10,,USD,1.234\n", &["--decimal", ","]).assert_all();
        import.rows("", "R1,a1,01/02/2026,,USD,5\n", &[]).assert_asked("is the day or the month first");
        import.rows("", "Y2,a1,01/02/2026,,USD,5\n", &["--dates", "D/M/YYYY"]).assert_all();
        assert_eq!(import.open().await.len(), 43);
    }

    async fn fault_f4_a_broken_row_stops_no_other(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows(
            "",
            "R1,a1,2026-01-10,2026-02-09,USD,10\n\n\nR3,C3, Inc,2025-01-15,2026-02-09,USD,30\nR4,a1,2026-01\n\
             R5,a1,2026-01-10,2026-02-09,USD,50\nR6,\"a1,2026-01-10,2026-02-09,USD,60\nR7,a1,2026-01-10,2026-02-09,USD,70\n\
             R8",
            &[],
        );
        let lines: Vec<u64> = said.assert_some().refused().into_iter().map(|(line, _)| line).collect();
        // The last one is all that is left of a row of a file that was cut off.
        assert_eq!(lines, [5, 6, 8, 10], "{}", said.errors);
        assert_eq!(import.open().await, items(&[("R1", "10.00"), ("R5", "50.00"), ("R7", "70.00")]));
    }

    async fn fault_f5_the_sign_of_a_payment_is_that_of_the_file(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows(
            ",kind",
            "I1,a1,2026-01-10,2026-02-09,USD,1000,INVOICE\nP1,a1,2026-01-11,,USD,700,RECEIPT\nP2,a1,2026-01-12,,USD,-700,RECEIPT\n",
            &[],
        );
        said.assert_all().assert_told("a negative RECEIPT is a payment that came back (REFUND)");
        let open = [("I1", "1000.00"), ("P1", "-700.00"), ("P2", "700.00")];
        assert_eq!(import.open().await, items(&open));
        // All payments are negative: that is how this file writes them.
        let said = import.rows(",kind", "I2,a2,2026-01-10,2026-02-09,USD,500,INVOICE\nP3,a2,2026-01-11,,USD,-500,RECEIPT\n", &[]);
        said.assert_all().assert_told("amounts of RECEIPT are negative");
        let more = [open[0], ("I2", "500.00"), open[1], open[2], ("P3", "-500.00")];
        let mut expected = items(&more);
        expected.sort();
        assert_eq!(import.open().await, expected);
    }

    async fn fault_f7_what_is_cleared_may_be_of_another_year(server: TestServer) {
        let import = Import::new(&server);
        import.rows(
            ",fiscal_year,kind,clears_document_no,clears_fiscal_year",
            "18001,a1,2024-12-10,2025-01-09,USD,500,2024,INVOICE,,\n14001,a1,2025-01-11,,USD,500,2025,RECEIPT,18001,2024\n",
            &["--strict"],
        ).assert_all();
        assert_eq!(import.open().await, []);
        // The year is not said, and one document of the account bears the number.
        let header = ",fiscal_year,kind,clears_document_no";
        import.rows(header, "14002,a1,2025-01-11,,USD,300,2025,RECEIPT,18002\n", &[]).assert_all();
        import.rows(
            header,
            "18002,a1,2024-12-10,2025-01-09,USD,300,2024,INVOICE,\n18002,a2,2023-12-10,2024-01-09,USD,7,2023,INVOICE,\n\
             18003,a1,2024-12-10,2025-01-09,USD,1,2024,INVOICE,\n18003,a1,2023-12-10,2024-01-09,USD,1,2023,INVOICE,\n\
             14003,a1,2025-01-11,,USD,1,2025,RECEIPT,18003\n",
            &[],
        ).assert_all().assert_told("documents named and missing");
        let open = [("14003", "-1.00"), ("18002", "7.00"), ("18003", "1.00"), ("18003", "1.00")];
        assert_eq!(import.open().await, items(&open));
        import.rows(header, "x,a1,2025-01-11,,USD,1,2025,RECEIPT,18003\n", &["--strict"]).assert_some();
    }

    async fn fault_f17_a_line_is_told_as_the_file_has_it(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows("", "\n\n\nR1,a1,2026-13-10,2026-02-09,USD,10\n", &[]);
        assert_eq!(said.assert_some().refused(), [(5, "document_date (column 3)".to_owned())]);
    }

    async fn fault_f18_money_is_not_lost_for_a_name(server: TestServer) {
        let import = Import::new(&server);
        let rows = format!(
            "R1,a1,2026-01-10,2026-02-09,USD,10,\"Two\nlines\tand a tab\",\"a\r\nb\"\nR2,a2,2026-01-10,2026-02-09,USD,20,{},{}\n",
            "n".repeat(201),
            "x".repeat(501)
        );
        let said = import.rows(",payer_name,note", &rows, &[]);
        said.assert_all().assert_told("R1: payer_name was made one line").assert_told("R2: note was cut");
        assert_eq!(import.open().await, items(&[("R1", "10.00"), ("R2", "20.00")]));
        import.rows(",payer_name,note", &rows, &["--strict"]).assert_some();
    }

    async fn fault_m5_kinds_may_share_numbers(server: TestServer) {
        let import = Import::new(&server);
        let file = import.write("kinds.csv", format!(
            "{HEADERS},kind\n1,a1,2026-01-10,2026-02-09,USD,100,INV\n1,a1,2026-01-11,,USD,40,CN\n1,a1,2026-01-12,,USD,30,REC\n"
        ));
        let said = import.mapped(
            "[kinds]\nINV = \"INVOICE\"\nCN = \"CREDIT_NOTE\"\nREC = \"RECEIPT\"\n[prefixes]\nCREDIT_NOTE = \"CN-\"\nRECEIPT = \"REC-\"",
            "amount = \"amount\"\nkind = \"kind\"",
            &file,
        );
        said.assert_all();
        assert_eq!(import.open().await, items(&[("1", "100.00"), ("CN-1", "-40.00"), ("REC-1", "-30.00")]));
    }

    async fn fault_m9_amounts_are_read_as_people_write_them(server: TestServer) {
        let import = Import::new(&server);
        let amounts = [
            ("1", "1.234,56-", "-1234.56"), ("2", "(1.234,56)", "-1234.56"), ("3", "1.234,56 €", "1234.56"),
            ("4", "5,00 H", "-5.00"), ("5", "1 234,50", "1234.50"), ("6", "1\u{a0}234,50", "1234.50"),
            ("7", "1\u{202f}234,50", "1234.50"), ("8", "1'234,50", "1234.50"), ("9", "1’234,50", "1234.50"),
        ];
        let rows: String = amounts
            .iter()
            .map(|(no, amount, _)| format!("{no};a1;2026-01-10;2026-02-09;EUR;{amount}\n"))
            .collect();
        let file = import.write("m9.csv", format!("{}\n{rows}", HEADERS.replace(',', ";")));
        import.run(&[&file], None).assert_all();
        let expected: Vec<(&str, &str)> = amounts.iter().map(|(no, _, open)| (*no, *open)).collect();
        assert_eq!(import.open().await, items(&expected));
        let said = import.rows("", "x,a1,2026-01-10,2026-02-09,USD,€ 5.00\n", &[]);
        assert!(said.assert_some().errors.contains("CURRENCY_MISMATCH"), "{}", said.errors);
        let two = "document_no,payer,document_date,due_date,currency,debit_amount,credit_amount\n\
            d1,a2,2026-01-10,2026-02-09,CNY,\"¥1,234.00\",\nd2,a2,2026-01-10,,CNY,,34.00\nd3,a2,2026-01-10,,CNY,1,2\n\
            d4,a2,2026-01-10,,CNY,,-3\n";
        let said = import.run(&[&import.write("two.csv", two)], None);
        let column = "credit_amount (column 7)".to_owned();
        assert_eq!(said.assert_some().refused(), [(4, column.clone()), (5, column)]);
        let open = import.open().await;
        assert!(open.contains(&("d1".into(), "1234.00".into())) && open.contains(&("d2".into(), "-34.00".into())));
    }

    async fn fault_m10_dates_are_read_as_the_mapping_says(server: TestServer) {
        let import = Import::new(&server);
        let file = import.write("m10.csv", format!(
            "{HEADERS}\n1,a1,45657,09.02.26,USD,10\n2,a1,3 January 2026,Feb 9 2026,USD,20\n"
        ));
        let dates = "dates = [\"SERIAL\", \"DD.MM.YY\", \"D MMM YYYY\", \"MMM D YYYY\"]";
        import.mapped(dates, "amount = \"amount\"", &file).assert_all();
        assert_eq!(import.open().await.len(), 2);
        import.rows("", "3,a1,45657,,USD,10\n", &[]).assert_asked("SERIAL");
    }

    async fn fault_m11_a_file_is_read_as_it_comes(server: TestServer) {
        let import = Import::new(&server);
        let wide: Vec<u8> = GERMAN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = format!("\u{feff}{GERMAN}").encode_utf16().flat_map(u16::to_be_bytes).collect();
        let western = encoding_rs::WINDOWS_1252.encode(GERMAN).0.into_owned();
        let chinese = GERMAN.replace("Müller GmbH", "宁波远洋集装箱有限公司");
        let chinese = encoding_rs::GB18030.encode(&chinese).0.into_owned();
        let tabs = GERMAN.replace(';', "\t");
        let separated = format!("sep=;\n{}", GERMAN.split_once("\n\n").expect("a title").1);
        let files: [(&str, Vec<u8>, &str); 7] = [
            ("western", western.clone(), "windows-1252 (the likeliest)"),
            ("wide", wide, "UTF-16LE"),
            ("marked", marked, "UTF-16BE"),
            ("chinese", chinese, "gb18030"),
            ("tabs", tabs.into_bytes(), "separated by tabs"),
            ("separated", separated.into_bytes(), "separated by ';'"),
            ("gzip", gzip(&western), "gzip, windows-1252"),
        ];
        for (n, (name, content, told)) in files.into_iter().enumerate() {
            let file = import.write(&format!("{name}.csv"), content);
            let said = import.run(&[&file], None);
            said.assert_all().assert_told(told);
            // The same documents each time.
            if n > 0 {
                said.assert_told("nothing new: 2 documents were posted before");
            }
        }
        let said = import.run(&["-"], Some(&western));
        said.assert_all().assert_told("stdin: read as windows-1252").assert_told("nothing new");
        let account = pb::GetAccountRequest { name: "accounts/ERP~a1".into() };
        let account = server.accounts().get_account(account).await.expect("it").into_inner();
        assert_eq!(account.display_name, "Müller GmbH");
        assert_eq!(import.open().await, items(&[("R1", "1234.56"), ("R2", "-99.50")]));
        // Nothing of a file gets to a terminal as it is.
        let said = import.run(&[&import.write("raw.csv", "a\u{1b}[31m,b\n1,2\n")], None);
        assert!(!said.text.contains('\u{1b}'), "{}", said.text);
    }

    async fn fault_m11_a_workbook_is_read_by_the_types_of_its_cells(server: TestServer) {
        let import = Import::new(&server);
        let text = |column: &str, text: &str| format!("<c r=\"{column}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let headers: Vec<String> = HEADERS.split(',').zip(["A3", "B3", "C3", "D3", "E3", "F3"]).map(|(h, c)| text(c, h)).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let title = text("A1", "Offene Posten");
        let (payer, currency) = (text("B4", "a1"), text("E4", "USD"));
        let (payer5, currency5, damaged) = (text("B5", "a1"), text("E5", "USD"), text("F5", "#N/A"));
        let (payer6, currency6, no_day) = (text("B6", "a1"), text("E6", "USD"), text("C6", "soon"));
        let book = workbook(&[
            &[&title],
            &[],
            &headers,
            &["<c r=\"A4\"><v>200769623</v></c>", &payer, "<c r=\"C4\" s=\"1\"><v>46032</v></c>", "<c r=\"D4\" s=\"1\"><v>46062</v></c>", &currency, "<c r=\"F4\"><v>1234.5599999999999</v></c>"],
            &["<c r=\"A5\"><v>7</v></c>", &payer5, "<c r=\"C5\" s=\"1\"><v>46032</v></c>", "<c r=\"D5\" s=\"1\"><v>46062</v></c>", &currency5, &damaged],
            &["<c r=\"A6\"><v>8</v></c>", &payer6, &no_day, &currency6, "<c r=\"F6\"><v>5</v></c>"],
        ]);
        let said = import.run(&[&import.write("posten.xlsx", book)], None);
        let columns = [(5, "amount (column 6)".to_owned()), (6, "document_date (column 3)".to_owned())];
        assert_eq!(said.assert_some().refused(), columns);
        said.assert_told("read as XLSX, sheet \"Posten\", headers in line 3");
        assert_eq!(import.open().await, items(&[("200769623", "1234.56")]));
    }

    async fn fault_m13_a_row_of_nothing_is_counted(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows("", "R1,a1,2026-01-10,2026-02-09,USD,0.00\nR2,a1,2026-01-10,2026-02-09,USD,5\n", &["--strict"]);
        said.assert_all().assert_told("passed over: rows with the amount 0");
        assert_eq!(import.open().await, items(&[("R2", "5.00")]));
    }

    async fn fault_u10_a_row_is_told_once_by_its_columns(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows("", ",,,,,\nR1,,2026-01-40,2026-02-09,USD,1.0015\nR2,a1,2026-01-10,2026-02-09,USD,10000000000000000\n", &[]);
        let columns = [
            (3, "payer (column 2); document_date (column 3); amount (column 6)".to_owned()),
            (4, "amount (column 6)".to_owned()),
        ];
        assert_eq!(said.assert_some().refused(), columns, "{}", said.errors);
        said.assert_told("passed over: empty lines");
    }

    async fn fault_u13_u15_words_are_understood_or_explained(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows(
            ",kind",
            "R1,a1,2026-01-10,2026-02-09,USD,10,invoice\nR2,a1,2026-01-10,,USD,5,Credit note\nR3,a1,2026-01-10,2026-02-09,RMB,5,BILL\nR4,a1,2026-01-10,2026-02-09,US$,5,\n",
            &[],
        );
        assert_eq!(said.assert_some().refused().len(), 2);
        for words in ["write CNY", "write USD", "INVOICE, DEBIT_NOTE, CREDIT_NOTE"] {
            assert!(said.errors.contains(words), "{}", said.errors);
        }
        let file = import.write("rmb.csv", format!("{HEADERS}\nR5,a1,2026-01-10,2026-02-09,RMB,5\n"));
        import.mapped("[currencies]\nRMB = \"CNY\"", "amount = \"amount\"", &file).assert_all();
    }

    async fn a_customer_named_as_a_total_is_a_customer(server: TestServer) {
        let import = Import::new(&server);
        let rows = "1,a1,2026-01-10,2026-02-09,USD,10,Total Energies SE\nTotal,,,,,10,\n,a2,2026-01-10,,USD,5,Summe & Co\n";
        let said = import.rows(",payer_name", rows, &[]);
        assert_eq!(said.assert_some().refused(), [(4, "document_no (column 1)".to_owned())]);
        said.assert_told("passed over: lines of totals");
        assert_eq!(import.open().await, items(&[("1", "10.00")]));
    }

    async fn a_sign_beside_a_word_for_the_side_is_refused(server: TestServer) {
        let import = Import::new(&server);
        let rows = "document_no,payer,document_date,currency,amount,debit_credit\n1,a1,2026-01-10,USD,10,S\n2,a1,2026-01-10,USD,-10,H\n3,a1,2026-01-10,USD,7,H\n";
        let said = import.run(&[&import.write("sides.csv", rows)], None);
        assert_eq!(said.assert_some().refused(), [(3, "amount (column 5)".to_owned())]);
        assert_eq!(import.open().await, items(&[("1", "10.00"), ("3", "-7.00")]));
    }

    async fn what_looks_like_an_accident_is_no_key(server: TestServer) {
        let import = Import::new(&server);
        let said = import.rows(
            "",
            "nan,a1,2026-01-10,2026-02-09,USD,1\n2.01E+08,a1,2026-01-10,2026-02-09,USD,2\nR3,#N/A,2026-01-10,2026-02-09,USD,3\nR\u{200b}4,a1,2026-01-10,2026-02-09,USD,4\n",
            &[],
        );
        let refused: Vec<u64> = said.assert_some().refused().into_iter().map(|(line, _)| line).collect();
        assert_eq!(refused, [2, 3, 4]);
        said.assert_told("characters that nobody sees were taken out");
        assert_eq!(import.open().await, items(&[("R4", "4.00")]));
    }

    async fn a_file_is_explained_without_being_imported(server: TestServer) {
        let import = Import::new(&server);
        let file = import.write("german.csv", encoding_rs::WINDOWS_1252.encode(GERMAN).0);
        let said = import.run(&[&file, "--explain"], None);
        said.assert_all()
            .assert_told("headers in line 4")
            .assert_told("amount is \"amount\"")
            .assert_told("line 5: INVOICE R1 of accounts/ERP~a1, 1234.56 EUR (DEBIT), 2026-01-10, due 2026-02-09")
            .assert_told("line 6: CREDIT_NOTE R2");
        assert_eq!(import.open().await, []);
        import.run(&[&import.write("other.csv", "document_no;payer;amount\n1;2;3\n"), "--explain"], None)
            .assert_asked("gives no document_date");
    }
}
