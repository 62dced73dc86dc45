//! `CURLMOPT_*`: what `curl_multi_setopt` can set.

use super::row::options;

options! {
    /// An option of a multi handle (`CURLMoption`).
    "CURLMOPT_" MultiOption MULTI_OPTIONS mopt;
    Socketfunction SOCKETFUNCTION Function 20001 takes "curl_socket_callback";
    Socketdata SOCKETDATA CbPtr 10002;
    Pipelining PIPELINING Long 3;
    Timerfunction TIMERFUNCTION Function 20004 takes "curl_multi_timer_callback";
    Timerdata TIMERDATA CbPtr 10005;
    Maxconnects MAXCONNECTS Long 6;
    MaxHostConnections MAX_HOST_CONNECTIONS Long 7;
    MaxPipelineLength MAX_PIPELINE_LENGTH Long 8;
    ContentLengthPenaltySize CONTENT_LENGTH_PENALTY_SIZE OffT 30009;
    ChunkLengthPenaltySize CHUNK_LENGTH_PENALTY_SIZE OffT 30010;
    PipeliningSiteBl PIPELINING_SITE_BL Object 10011 takes "char **";
    PipeliningServerBl PIPELINING_SERVER_BL Object 10012 takes "char **";
    MaxTotalConnections MAX_TOTAL_CONNECTIONS Long 13;
    Pushfunction PUSHFUNCTION Function 20014 takes "curl_push_callback";
    Pushdata PUSHDATA CbPtr 10015;
    MaxConcurrentStreams MAX_CONCURRENT_STREAMS Long 16;
    NetworkChanged NETWORK_CHANGED Long 17;
    Notifyfunction NOTIFYFUNCTION Function 20018 takes "curl_notify_callback";
    Notifydata NOTIFYDATA CbPtr 10019;
    ResolveThreadsMax RESOLVE_THREADS_MAX Long 20;
    QuickExit QUICK_EXIT Long 21;
}
