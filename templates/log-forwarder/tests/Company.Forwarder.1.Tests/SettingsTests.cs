using Xunit;

namespace Company.Forwarder._1.Tests;

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
    [InlineData(64, 256, true)]
    [InlineData(65, 256, false)]
    [InlineData(64, 257, false)]
    public void Takes_static_fields_up_to_64_characters_of_name_and_256_of_value(int name, int value, bool isTaken)
    {
        var failure = Record.Exception(() => Read(("DESTINATION_SECRET", "ssm:/acme"), ("STATIC_FIELDS", $"{new string('a', name)}={new string('b', value)}")));

        Assert.Equal(isTaken, failure is not SettingException);
    }

    [Theory]
    [InlineData("PLATFORM_LINES", "no", "PLATFORM_LINES is \"no\"; must be keep or drop.")]
    [InlineData("REQUEST_TIMEOUT", "0", "REQUEST_TIMEOUT is \"0\"; must be a number of seconds from 1 to 120.")]
    [InlineData("REQUEST_TIMEOUT", "1m", "REQUEST_TIMEOUT is \"1m\"; must be a number of seconds from 1 to 120.")]
    [InlineData("EXCLUDE_PATTERN", "[", "EXCLUDE_PATTERN is \"[\"; must be a .NET regular expression: ")]
    [InlineData("EXCLUDE_PATTERN", ".*", "EXCLUDE_PATTERN is \".*\", which matches the empty text")]
    [InlineData("DELIVERY_LOG", "yes", "DELIVERY_LOG is \"yes\"; must be off or on.")]
    [InlineData("METRICS", "all", "METRICS is \"all\"; must be off or on.")]
    [InlineData("ALL_LOG_GROUPS", "true", "ALL_LOG_GROUPS is \"true\"; must be off, overlap or on.")]
    [InlineData("STATIC_FIELDS", "team", "STATIC_FIELDS has the pair \"team\"; each pair must be key=value")]
    [InlineData("STATIC_FIELDS", "team=", "STATIC_FIELDS has the pair \"team=\"; each pair must be key=value")]
    [InlineData("STATIC_FIELDS", "a=1,,b=2", "STATIC_FIELDS has the pair \"\"; each pair must be key=value")]
    [InlineData("STATIC_FIELDS", "te am=a", "STATIC_FIELDS has the pair \"te am=a\"; each pair must be key=value")]
    [InlineData("STATIC_FIELDS", "team=a\nb", "STATIC_FIELDS has the pair \"team=a\uFFFDb\"; each pair must be key=value")]
    [InlineData("STATIC_FIELDS", "level=a", "STATIC_FIELDS has the key \"level\", which the forwarder or the destination writes itself")]
    [InlineData("STATIC_FIELDS", "a=1,a=2", "STATIC_FIELDS has the key \"a\" twice")]
    [InlineData("LOG_GROUP_PATTERNS", "[]", "LOG_GROUP_PATTERNS is not a JSON object; must be of the form {")]
    [InlineData("LOG_GROUP_PATTERNS", "{", "LOG_GROUP_PATTERNS is not JSON (line 0, byte 1); must be of the form {")]
    [InlineData("LOG_GROUP_PATTERNS", """{"/a":"x"}""", "LOG_GROUP_PATTERNS has no object for /a; must be")]
    [InlineData("LOG_GROUP_PATTERNS", """{"/a*b":{}}""", "LOG_GROUP_PATTERNS has the log group \"/a*b\", which is empty or has a * before its end; must be")]
    [InlineData("LOG_GROUP_PATTERNS", """{"/a":{"only":"x"}}""", "LOG_GROUP_PATTERNS has \"only\" for /a; must be")]
    [InlineData("LOG_GROUP_PATTERNS", """{"/a":{"exclude":"("}}""", "LOG_GROUP_PATTERNS for /a is \"(\"; must be a .NET regular expression: ")]
    [InlineData("LOG_GROUP_PATTERNS", """{"/a":{"exclude":".*"}}""", "LOG_GROUP_PATTERNS for /a is \".*\", which matches the empty text")]
    [InlineData("DESTINATION_SECRET", "hunter", "DESTINATION_SECRET does not say where the destination's credentials are kept; must be ssm:<parameter name>")]
    public void Says_which_setting_is_wrong_and_what_is_expected(string name, string value, string says) =>
        Assert.StartsWith(says, Assert.Throws<SettingException>(() => Read(("DESTINATION_SECRET", "ssm:/acme"), (name, value))).Message, StringComparison.Ordinal);

    private static Settings Read(params (string Name, string Value)[] variables) =>
        new(name => variables.LastOrDefault(variable => variable.Name == name).Value);
}
