namespace Throughline.Benchmarks.Logs;

/// <summary>
/// What the services of the workload log. In a text: {n} a number, {ms} a duration, {hex} an id, {uuid}, {cam} a camera, {user} one of 5,000 users, {ip}, {bytes}, {f} a share with three digits, {path}
/// a route, {batch} a batch's name, {word} one of twelve reasons.
/// </summary>
internal static class LogStatements
{
    /// <summary>A statement: how severe, how often beside others, what, and with which attributes beside those that all have.</summary>
    internal readonly record struct Statement(int Severity, int Weight, string Text, string[] Attributes, bool HasTrace = true);

    public static readonly Statement[] All =
    [
        new(9, 60, "Request starting HTTP/1.1 POST http://{host}:{n}{path} - application/json {bytes}", ["http.request.method", "url.path", "ConnectionId", "RequestId"]),
        new(9, 60, "Request finished HTTP/1.1 POST http://{host}:{n}{path} - 200 {bytes} application/json {ms}ms", ["http.request.method", "url.path", "http.response.status_code", "ConnectionId", "RequestId"]),
        new(9, 40, "Received image {uuid} of {bytes} bytes from camera {cam}", ["camera.name", "image.bytes"]),
        new(9, 40, "Detection of image {uuid} took {ms} ms: {n} objects, best score {f}", ["camera.name", "detections", "model.name"]),
        new(5, 50, "cache lookup key=session:{hex} hit=true latency_us={n}", ["cache.name"]),
        new(5, 40, "Executing endpoint 'HTTP: POST {path}'", ["RequestId"]),
        new(9, 30, "batch {batch} closed with {n} images after {ms} ms, queue depth now {n}", ["batch.id", "queue.depth"]),
        new(9, 30, "user={user} action=view camera={cam} duration={ms}ms status=ok", ["user.id"]),
        new(9, 25, "SELECT on events returned {n} rows in {ms} ms", ["db.system", "db.rows"]),
        new(9, 25, "Sent notification to {user}@example.com via smtp-{n}.mail.internal, message id <{hex}@mail>", ["user.id"]),
        new(9, 20, "Risk analysis of batch {batch} finished: risk {n}, {n} prompt tokens, {n} completion tokens, {ms} ms", ["batch.id", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"]),
        new(5, 30, "worker {n} picked job {hex} (attempt {n})", ["thread.name"]),
        new(5, 20, "[{n}] TCP connection from {ip}:{n} accepted", ["network.peer.address"]),
        new(9, 20, "kafka: committed offset {offset} for partition {n} of topic detections", ["messaging.kafka.partition"]),
        new(13, 5, "Slow query: {ms} ms for SELECT * FROM detections WHERE batch_id = '{uuid}'", ["db.system", "db.rows"]),
        new(13, 5, "Retrying call to http://{host}:{n}{path} in {n} ms: {word}", ["retry.count"]),
        new(17, 3, "Failed to process image {uuid}: {word}", ["exception.type", "exception.message", "exception.stacktrace"]),
        new(17, 1, "Unhandled exception while handling POST {path}", ["exception.type", "exception.message", "exception.stacktrace", "RequestId"]),
        new(9, 20, "Heartbeat: {n} requests in flight, heap {bytes} bytes, gc gen2 {n}", [], false),
        new(9, 15, "GPU 0: utilisation {f}, memory {bytes} of 25769803776 bytes, temperature {n} C", ["gpu.index"], false),
        new(5, 15, "scheduler tick {offset} ran {n} tasks in {ms} ms", [], false),
    ];

    public static readonly string[] Services = ["camera-gateway", "ingest-api", "yolo26", "nemotron", "batcher", "event-store", "notifier", "auth", "session-cache", "search-api", "frontend-bff", "metrics-relay"];

    public static readonly string[] Words = ["connection refused", "deadline exceeded", "model is loading", "queue is full", "invalid image header", "CUDA out of memory", "upstream sent 503", "name resolution failed",
        "certificate has expired", "token was revoked", "no space left on device", "checksum mismatch"];

    public static readonly string[] Paths = ["/api/v1/images", "/api/v1/detect", "/api/v1/batches/analyze", "/v1/chat/completions", "/api/v1/events", "/api/v1/sessions", "/healthz", "/api/v1/search"];
}
