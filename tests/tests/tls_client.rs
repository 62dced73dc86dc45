//! Client certificates and keys in every form, on `openssl s_server`. `TRESS_LIB` with the
//! directory of a libcurl that has OpenSSL shows that codes and texts are its own.
use std::time::Duration;
use tress_tests::tls::option::*;
use tress_tests::tls::{Authority, RSA, SServer, Subject};
use tress_tests::{Loop, Transfer};

const ASKS: [&str; 6] = ["-www", "-Verify", "2", "-verify_return_error", "-CAfile", "ca.pem"];
const PASSWORD: &str = "sesame";

struct Client {
    authority: Authority,
    /// What issued the client's certificates.
    issuer: Authority,
    server: SServer,
}

impl Client {
    fn new() -> Client {
        let authority = Authority::new("Root");
        authority.issue("server", Subject::default());
        let issuer = authority.intermediate("Clients");
        let named = |common_name| Subject { common_name, ..Subject::default() };
        issuer.issue("ec", named("a client"));
        issuer.issue("rsa", Subject { key: RSA, ..named("a client") });
        let server = SServer::start(&authority, "server", &ASKS);
        Client { authority, issuer, server }
    }

    fn get(&self) -> Transfer {
        Transfer::new(&self.server.url("/")).str(CAINFO, &self.authority.path("ca.pem"))
    }

    fn run(&self, transfer: Transfer) -> (i32, String) {
        let code = Loop::new().run(&[&transfer], Duration::from_secs(20))[0];
        let shown = if code == 0 {
            assert!(transfer.text().contains("\nClient certificate\n"), "{}", transfer.text());
            String::new()
        } else {
            transfer.error()
        };
        (code, shown)
    }

    fn works(&self, what: &str, transfer: Transfer) {
        assert_eq!(self.run(transfer), (0, String::new()), "{what}");
    }

    fn path(&self, name: &str) -> String {
        self.issuer.path(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect(name)
    }

    /// `openssl` in the issuer's directory, with this password where one is asked for.
    fn openssl(&self, line: &str) {
        self.issuer.openssl(&line.split(' ').collect::<Vec<_>>());
    }
}

#[test]
fn pem_and_der() {
    let client = Client::new();
    for name in ["ec", "rsa"] {
        let chain = client.path(&format!("{name}-chain.pem"));
        let key = client.path(&format!("{name}.key"));
        let with = |cert: &str, key: &str| client.get().str(SSLCERT, cert).str(SSLKEY, key);
        client.works("two files", with(&chain, &key));
        let both = client.issuer.read(&format!("{name}-chain.pem"))
            + &client.issuer.read(&format!("{name}.key"));
        client.issuer.write("both.pem", &both);
        client.works("one file", client.get().str(SSLCERT, &client.path("both.pem")));
        client.works("a blob", client.get().blob(SSLCERT_BLOB, both.as_bytes()));
        let (chain_bytes, key_bytes) =
            (client.bytes(&format!("{name}-chain.pem")), client.bytes(&format!("{name}.key")));
        let blobs = client.get().blob(SSLCERT_BLOB, &chain_bytes).blob(SSLKEY_BLOB, &key_bytes);
        client.works("two blobs", blobs);
        let traditional = if name == "ec" { "ec -aes256" } else { "rsa -traditional -aes128" };
        let plain = if name == "ec" { "ec" } else { "rsa -traditional" };
        for (what, line) in [
            ("PKCS#8", format!("pkcs8 -topk8 -in {name}.key -passout pass:sesame")),
            (
                "PKCS#8 by 3DES",
                format!("pkcs8 -topk8 -v2 des3 -in {name}.key -passout pass:sesame"),
            ),
            (
                "PKCS#8, version 1",
                format!("pkcs8 -topk8 -v1 PBE-SHA1-3DES -in {name}.key -passout pass:sesame"),
            ),
            ("traditional", format!("{traditional} -in {name}.key -passout pass:sesame")),
            ("traditional by 3DES", format!("{plain} -des3 -in {name}.key -passout pass:sesame")),
            ("not encrypted, traditional", format!("{plain} -in {name}.key")),
        ] {
            client.openssl(&format!("{line} -out encrypted.key"));
            let transfer = with(&chain, &client.path("encrypted.key")).str(KEYPASSWD, PASSWORD);
            client.works(&format!("{name}: {what}"), transfer);
        }
        let wrong = with(&chain, &client.path("encrypted.key"));
        client.works("no password where none is needed", wrong);
        client.openssl(&format!("x509 -in {name}.pem -outform DER -out cert.der"));
        // The chain cannot be in DER: the server knows the issuer.
        let known = client.authority.read("ca.pem") + &client.issuer.read("ca.pem");
        client.authority.write("known.pem", &known);
        let asks = ASKS.map(|word| if word == "ca.pem" { "known.pem" } else { word });
        let server = SServer::start(&client.authority, "server", &asks);
        for (what, line) in [
            ("PKCS#8", format!("pkcs8 -topk8 -nocrypt -in {name}.key")),
            ("traditional", format!("{plain} -in {name}.key")),
        ] {
            client.openssl(&format!("{line} -outform DER -out key.der"));
            let transfer = with(&client.path("cert.der"), &client.path("key.der"))
                .str(curl_sys::CURLOPT_URL, &server.url("/"))
                .str(SSLCERTTYPE, "DER")
                .str(SSLKEYTYPE, "der");
            client.works(&format!("{name}: DER, {what}"), transfer);
        }
    }
}

/// X.509's first version has no extensions; rustls reads none of it, the server takes it.
#[test]
fn a_certificate_of_the_first_version() {
    let client = Client::new();
    for name in ["ec", "rsa"] {
        client.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out v1.pem"
        ));
        let above = client.issuer.read(&format!("{name}-above.pem"));
        client.issuer.write("v1-chain.pem", &(client.issuer.read("v1.pem") + &above));
        let get = || client.get().str(SSLCERT, &client.path("v1-chain.pem"));
        client.works(name, get().str(SSLKEY, &client.path(&format!("{name}.key"))));
        let other = if name == "ec" { "rsa.key" } else { "ec.key" };
        let (code, _) = client.run(get().str(SSLKEY, &client.path(other)));
        assert_eq!(code, 58, "the key of another");
    }
}

#[test]
fn pkcs12() {
    let client = Client::new();
    for name in ["ec", "rsa"] {
        for (what, more) in [
            ("as OpenSSL 3 makes it", ""),
            ("as it was for long", " -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1"),
        ] {
            let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
            client.openssl(&format!(
                "pkcs12 -export -in {cert} -inkey {key} -certfile ca.pem -out own.p12 \
                 -passout pass:sesame{more}"
            ));
            let file = |password: &str| {
                client
                    .get()
                    .str(SSLCERT, &client.path("own.p12"))
                    .str(SSLCERTTYPE, "P12")
                    .str(KEYPASSWD, password)
            };
            client.works(&format!("{name}: {what}"), file(PASSWORD));
            let blob = client.get().blob(SSLCERT_BLOB, &client.bytes("own.p12"));
            let blob = blob.str(SSLCERTTYPE, "p12").str(KEYPASSWD, PASSWORD);
            client.works(&format!("{name}: {what}, a blob"), blob);
            let (code, text) = client.run(file("wrong"));
            assert_eq!(code, 58, "{text}");
            assert!(text.contains("check password"), "{text}");
        }
    }
    client.openssl("pkcs12 -export -in ec.pem -inkey ec.key -out open.p12 -passout pass:");
    let open = client.get().str(SSLCERT, &client.path("open.p12")).str(SSLCERTTYPE, "P12");
    // Without the intermediate authority the server cannot know it.
    let (code, text) = client.run(open);
    assert!(matches!(code, 35 | 56) && text.contains("unknown ca"), "{code} {text}");
}

#[test]
fn what_cannot_be_used() {
    let client = Client::new();
    let (chain, key) = (client.path("ec-chain.pem"), client.path("ec.key"));
    client.issuer.write("garbage", "garbage");
    let garbage = client.path("garbage");
    client.openssl("pkcs8 -topk8 -in ec.key -passout pass:sesame -out encrypted.key");
    let encrypted = client.path("encrypted.key");
    let set = |options: &[(u32, &str)]| {
        options.iter().fold(client.get(), |transfer, (option, value)| transfer.str(*option, value))
    };
    let unloadable = |name: &str| {
        format!(
            "could not load PEM client certificate from {name}, (no key found, wrong passphrase, \
             or wrong file format?)"
        )
    };
    let unusable = |name: &str| format!("unable to set private key file: '{name}' type PEM");
    type Case<'a> = (&'a [(u32, &'a str)], i32, String);
    let cases: [Case<'_>; 10] = [
        (&[(SSLCERT, "/nonexistent")], 58, unloadable("/nonexistent")),
        (&[(SSLCERT, &garbage)], 58, unloadable(&garbage)),
        (&[(SSLCERT, &chain)], 43, unusable(&chain)),
        (&[(SSLCERT, &chain), (SSLKEY, &garbage)], 43, unusable(&garbage)),
        (
            &[(SSLCERT, &chain), (SSLKEY, &encrypted), (KEYPASSWD, "wrong")],
            43,
            unusable(&encrypted),
        ),
        (
            &[(SSLCERT, &chain), (SSLKEY, &client.path("rsa.key"))],
            58,
            "Private key does not match the certificate public key".into(),
        ),
        (
            &[(SSLCERT, &chain), (SSLCERTTYPE, "XYZ")],
            43,
            "not supported file type 'XYZ' for certificate".into(),
        ),
        (
            &[(SSLCERT, &chain), (SSLKEY, &key), (SSLKEYTYPE, "XYZ")],
            43,
            "not supported file type for private key".into(),
        ),
        (
            &[(SSLCERT, &chain), (SSLKEY, &key), (SSLKEYTYPE, "P12")],
            58,
            "file type P12 for private key not supported".into(),
        ),
        (
            &[(SSLCERT, "/nonexistent"), (SSLCERTTYPE, "P12")],
            58,
            "could not open PKCS12 file '/nonexistent'".into(),
        ),
    ];
    for (options, code, text) in cases {
        let got = client.run(set(options));
        assert_eq!(got.0, code, "{options:?}: {got:?}");
        if !got.1.contains("OpenSSL") {
            assert_eq!(got.1, text);
        }
    }
    let garbage = set(&[(SSLCERT, &garbage), (SSLCERTTYPE, "P12")]);
    let (code, text) = client.run(garbage);
    assert!(code == 58 && text.starts_with("error reading PKCS12 file '"), "{code} {text}");
}
