<?php
// PHP's curl on the library under test: easy and multi. One line for each transfer; argv: base URL.
$base = $argv[1];
$paths = ["/bytes/10", "/bytes/500000", "/chunked/5000", "/redirect/2/302", "/status/404",
          "/delay/30", "/drop/100", "/empty", "/1xx", "/gzip", "/close"];

function easy($url) {
    $c = curl_init($url);
    curl_setopt_array($c, [CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true,
        CURLOPT_ENCODING => "gzip", CURLOPT_TIMEOUT_MS => 3000]);
    return $c;
}

function line($kind, $path, $c, $code, $body) {
    echo "$kind $path $code ", curl_getinfo($c, CURLINFO_RESPONSE_CODE), " ", strlen((string)$body),
        " ", md5((string)$body), " ", curl_getinfo($c, CURLINFO_REDIRECT_COUNT), "\n";
}

foreach ($paths as $path) {
    $c = easy($base . $path);
    $body = curl_exec($c);
    line("easy", $path, $c, curl_errno($c), $body);
}

$c = easy($base . "/echo");
curl_setopt_array($c, [CURLOPT_POSTFIELDS => ["a" => "1"], CURLOPT_HTTPHEADER => ["X-Php: 1"]]);
echo preg_match('/name="a"/', curl_exec($c)), "\n";

$m = curl_multi_init();
$handles = [];
foreach ($paths as $path) {
    $handles[$path] = easy($base . $path);
    curl_multi_add_handle($m, $handles[$path]);
}
$codes = [];
do {
    $status = curl_multi_exec($m, $running);
    while ($info = curl_multi_info_read($m)) {
        $codes[array_search($info["handle"], $handles, true)] = $info["result"];
    }
    if ($running) {
        curl_multi_select($m, 0.5);
    }
} while ($running && $status == CURLM_OK);
foreach ($handles as $path => $c) {
    line("multi", $path, $c, $codes[$path], curl_multi_getcontent($c));
    curl_multi_remove_handle($m, $c);
}
curl_multi_close($m);
