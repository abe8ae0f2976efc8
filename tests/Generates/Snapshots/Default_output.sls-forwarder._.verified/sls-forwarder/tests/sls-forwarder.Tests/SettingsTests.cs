using Xunit;

namespace sls_forwarder.Tests;

public sealed class SettingsTests
{
    [Fact]
    public void Needs_a_destination_only()
    {
        var settings = Read(("DESTINATION_SECRET", "ssm:/acme"));

        Assert.True(settings.KeepPlatformLines);
        Assert.Equal(TimeSpan.FromSeconds(10), settings.Rules.RequestTimeout);
    }

    [Fact]
    public void Takes_an_empty_variable_for_an_unset_one() =>
        Read(("DESTINATION_SECRET", "ssm:/acme"), ("PLATFORM_LINES", ""), ("INCLUDE_PATTERN", ""), ("EXCLUDE_PATTERN", ""), ("REDACT_PATTERN", ""), ("REQUEST_TIMEOUT", ""), ("STAGE", ""));

    [Theory]
    [InlineData("PLATFORM_LINES", "no", "PLATFORM_LINES is \"no\"; expected is keep or drop.")]
    [InlineData("REQUEST_TIMEOUT", "0", "REQUEST_TIMEOUT is \"0\"; expected is a number of seconds from 1 to 120.")]
    [InlineData("REQUEST_TIMEOUT", "1m", "REQUEST_TIMEOUT is \"1m\"; expected is a number of seconds from 1 to 120.")]
    [InlineData("EXCLUDE_PATTERN", "[", "EXCLUDE_PATTERN is \"[\"; expected is a .NET regular expression: ")]
    [InlineData("EXCLUDE_PATTERN", ".*", "EXCLUDE_PATTERN is \".*\", which matches the empty text")]
    [InlineData("DESTINATION_SECRET", "hunter", "DESTINATION_SECRET does not say where the destination's credentials are kept; expected is ssm:<parameter name>")]
    public void Says_which_setting_is_wrong_and_what_is_expected(string name, string value, string says) =>
        Assert.StartsWith(says, Assert.Throws<SettingException>(() => Read(("DESTINATION_SECRET", "ssm:/acme"), (name, value))).Message, StringComparison.Ordinal);

    private static Settings Read(params (string Name, string Value)[] variables) =>
        new(name => variables.LastOrDefault(variable => variable.Name == name).Value);
}
