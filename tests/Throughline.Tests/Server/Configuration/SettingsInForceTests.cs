using Throughline.Server.Configuration;

namespace Throughline.Tests.Server.Configuration;

/// <summary>What the page says of the options is what the command line said, or the default.</summary>
public sealed class SettingsInForceTests
{
    private static async Task<Dictionary<string, SettingInForce>> Given(params string[] arguments)
    {
        ServerOptions? read = null;
        var line = new ServerCommandLine((options, _) =>
        {
            read = options;
            return Task.FromResult(0);
        });
        Assert.Equal(0, await line.InvokeAsync(["server", .. arguments], TextWriter.Null, TextWriter.Null));
        Assert.NotNull(read);
        return read.Settings.ToDictionary(setting => setting.Option);
    }

    [Theory]
    [InlineData("--retention", "7d")]
    [InlineData("--retention-traces", "0")]
    [InlineData("--logs-retention", "7d")]
    [InlineData("--metrics-retention-bytes", "0")]
    [InlineData("--profiles-head-max-bytes", "16777216")]
    [InlineData("--max-body-bytes", "16777216")]
    [InlineData("--http", "http://127.0.0.1:16686")]
    [InlineData("--forward-signals", "traces")]
    [InlineData("--lane-gpu-saturated-percent", "95")]
    [InlineData("--no-redact", "false")]
    [InlineData("--page-trace-rate", "0")]
    [InlineData("--allow-host", "")]
    [InlineData("--grafana-url", null)]
    [InlineData("--token", null)]
    public async Task AnOptionThatNobodyGaveHasItsDefault(string option, string? value)
    {
        var setting = (await Given())[option];
        Assert.Equal((value, true), (setting.Value, setting.IsDefault));
        Assert.NotEqual("", setting.Description);
    }

    [Theory]
    [InlineData("--retention", "36h", "36h")]
    [InlineData("--retention-traces", "500", "500")]
    [InlineData("--grafana-url", "http://grafana.example/d/abc", "http://grafana.example/d/abc")]
    [InlineData("--token", "hush", "set")]
    public async Task AnOptionThatWasGivenHasWhatWasGivenButNoSecretShows(string option, string given, string value)
    {
        var setting = (await Given(option, given))[option];
        Assert.Equal((value, false), (setting.Value, setting.IsDefault));
    }

    [Fact]
    public async Task SwitchesAreOnAndListsAreWhole()
    {
        var settings = await Given("--no-redact", "--allow-host", "a.example", "--allow-host", "b.example");
        Assert.Equal("true", settings["--no-redact"].Value);
        Assert.Equal("a.example, b.example", settings["--allow-host"].Value);
    }

    [Fact]
    public async Task TheServerTellsThem()
    {
        await using var server = await ServerUnderTest.StartAsync(options => options with { Settings = [new SettingInForce("--retention", "Age.", "7d", true)] });
        var setting = Assert.Single((await server.GetAsync("/api/v1/settings")).GetProperty("settings").EnumerateArray());
        Assert.Equal(("--retention", "Age.", "7d", true), (setting.GetProperty("option").GetString(), setting.GetProperty("description").GetString(), setting.GetProperty("value").GetString(), setting.GetProperty("isDefault").GetBoolean()));
    }
}
