using Throughline.Engine.Query.Execution;

namespace Throughline.Tests.Query;

/// <summary>Helpers come where there are some, are waited for once they have begun, and are free again whatever became of them.</summary>
public sealed class QueryWorkersTests
{
    private const int Helpers = 3;

    [Fact]
    public void HelpersThatHadNothingToComeForAreFreeAgain()
    {
        var workers = new QueryWorkers(Helpers);
        for (var run = 0; run < 2_000; run++) workers.Run(static () => { }, Helpers);
        AllHelp(workers);
    }

    [Fact]
    public void WhatAHelperThrowsIsThrown()
    {
        var workers = new QueryWorkers(Helpers);
        using var helps = new ManualResetEventSlim();
        var own = Environment.CurrentManagedThreadId;
        for (var run = 0; run < 3; run++)
        {
            helps.Reset();
            var thrown = Assert.Throws<OperationCanceledException>(() => workers.Run(() =>
            {
                if (Environment.CurrentManagedThreadId == own)
                {
                    Assert.True(helps.Wait(Patience.Limit));
                    return;
                }
                helps.Set();
                throw new OperationCanceledException("a helper");
            }, 1));
            Assert.Equal("a helper", thrown.Message);
        }
        AllHelp(workers);
    }

    private static void AllHelp(QueryWorkers workers)
    {
        using var all = new Barrier(Helpers + 1);
        workers.Run(() => Assert.True(all.SignalAndWait(Patience.Limit)), Helpers + 1);
    }
}
