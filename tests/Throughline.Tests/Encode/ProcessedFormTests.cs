using System.Buffers;
using System.Text;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Tests.Store;

namespace Throughline.Tests.Encode;

/// <summary>What processing left of a request, through the log and back.</summary>
public sealed class ProcessedFormTests
{
    [Fact]
    public async Task MarksSurviveARestart()
    {
        await using var sut = await StoreUnderTest.OpenAsync();
        var batch = Decode("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\",\"name\":\"\\ud83d\"}]}]}]}");
        Assert.Equal((byte)SpanMarks.InvalidUtf8, batch.Marks[0]);
        batch.Marks.Items[0] |= (byte)SpanMarks.Redacted;
        var payload = new ArrayBufferWriter<byte>();
        OtlpTraceEncoder.EncodeProcessed(batch, payload);
        await sut.Store.AppendAsync(batch, payload.WrittenMemory, 1, false, default);
        await sut.ReopenAsync();
        var trace = await sut.Store.GetTraceAsync(batch.TraceId[0], default);
        Assert.NotNull(trace);
        Assert.Equal((byte)(SpanMarks.InvalidUtf8 | SpanMarks.Redacted), trace.Spans.Marks[0]);
    }

    private static SpanBatch Decode(string json)
    {
        var protobuf = new ArrayBufferWriter<byte>();
        Assert.True(OtlpJsonTranscoder.TryTranscode(Encoding.UTF8.GetBytes(json), protobuf, out var error), error);
        var batch = new SpanBatch();
        new OtlpTraceDecoder().Decode(protobuf.WrittenSpan, batch);
        return batch;
    }
}
