using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Throughline.Telemetry;
using Throughline.Telemetry.Profiling;

namespace Throughline.Tests.Telemetry.Profiling;

public sealed class ProfileFilesTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 23, 8, 0, 0, 123, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-profiles-").FullName;
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void NameTellsServiceStartAndProcess()
    {
        var path = Files(new(), "hsi/backend").Write([1, 2, 3], s_start);
        Assert.Equal($"hsi_backend-20261123T080000123Z-{Environment.ProcessId}.pb.gz", Path.GetFileName(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void OldestAboveTheNumberAreDeletedAndOtherServicesLeftAlone()
    {
        var other = Files(new(), "hsi-backend-two").Write([1], s_start.AddYears(-1));
        var foreign = Path.Combine(_folder, "hsi-backend-notes.pb.gz");
        File.WriteAllText(foreign, "mine");
        var files = Files(new() { FileLimit = 3 });
        var written = Enumerable.Range(0, 5).Select(i => files.Write([1], s_start.AddMinutes(i))).ToList();

        Assert.Equal(new[] { other, foreign }.Concat(written[2..]).Order(), Directory.GetFiles(_folder).Order());
    }

    [Fact]
    public void OldestAboveTheBytesAreDeletedAndTheOneJustWrittenStays()
    {
        var noise = new byte[10_000];
        new Random(1).NextBytes(noise);
        var files = Files(new() { ByteLimit = 25_000 });
        var written = Enumerable.Range(0, 4).Select(i => files.Write(noise, s_start.AddMinutes(i))).ToList();
        Assert.Equal(written[2..], Directory.GetFiles(_folder).Order());

        var large = Files(new() { ByteLimit = 5_000 }).Write(noise, s_start.AddHours(1));
        Assert.Equal([large], Directory.GetFiles(_folder));
    }

    [Fact]
    public void WhatAProcessLeftUnfinishedIsDeletedAfterAnHour()
    {
        var abandoned = Path.Combine(_folder, "hsi-backend-20261123T070000000Z-1.pb.gz.unfinished");
        File.WriteAllText(abandoned, "half");
        var files = Files(new());
        files.Write([1], s_start);
        Assert.True(File.Exists(abandoned));
        _time.Advance(TimeSpan.FromMinutes(61));
        files.Write([1], s_start.AddMinutes(61));
        Assert.False(File.Exists(abandoned));
    }

    [Fact]
    public void NewDirectoryIsItsOwnersOnly()
    {
        if (OperatingSystem.IsWindows()) return;
        var directory = Path.Combine(_folder, "new", "profiles");
        new ProfileFiles(directory, "s", new(), _time).Prepare();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
    }

    [Fact]
    public void ServiceWhoseConfigurationNamesNoDirectoryHasNoProfiles()
    {
        Assert.Equal((0, 1), (Profilers(("WindowSeconds", "5")), Profilers(("WindowSeconds", "5"), ("Directory", _folder))));

        static int Profilers(params (string Key, string Value)[] options)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new());
            builder.Configuration.AddInMemoryCollection(options.Select(option => KeyValuePair.Create($"Telemetry:Profiles:{option.Key}", (string?)option.Value)));
            builder.AddThroughline("unprofiled");
            using var host = builder.Build();
            return host.Services.GetServices<IHostedService>().OfType<ProfileService>().Count();
        }
    }

    [Theory]
    [InlineData("WindowSeconds", "0")]
    [InlineData("WindowSeconds", "soon")]
    [InlineData("WindowSeconds", "NaN")]
    [InlineData("IntervalSeconds", "5")]
    [InlineData("FileLimit", "0")]
    [InlineData("ByteLimit", "-1")]
    [InlineData("SpanChangeLimit", "1")]
    public void WrongOptionIsAnErrorThatNamesItsKey(string key, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["Telemetry:Profiles:Directory"] = _folder, [$"Telemetry:Profiles:{key}"] = value }).Build();
        Assert.Contains($"Telemetry:Profiles:{key}", Assert.Throws<InvalidOperationException>(() => ProfileOptions.From(configuration)).Message);
    }

    private ProfileFiles Files(ProfileOptions options, string service = "hsi-backend") => new(_folder, service, options, _time);
}
