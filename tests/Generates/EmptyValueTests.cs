using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>An empty value, as a CI variable that is not set gives it: it is the option's default, for every option of every template.</summary>
public sealed class EmptyValueTests
{
    public static TheoryData<string> ShortNames => [.. Template.All.Select(template => template.ShortName)];

    public static TheoryData<string, string> DependentOptions
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var template in Template.All)
                foreach (var option in template.Options.Where(option => option.Needs is not null))
                    rows.Add(template.ShortName, option.Name);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public async Task Is_the_default_of_every_option(string shortName)
    {
        var template = Template.Named(shortName);

        var empty = await CreateAsync(template, template.Options.ToDictionary(option => option.Name, _ => ""));

        AssertSame(await CreateAsync(template, []), empty);
        foreach (var option in template.Options)
            TestRun.Say($"{template} --{option.Name} \"\": {(option.Default.Length == 0 ? "its default" : option.Default)}");
    }

    [Theory]
    [MemberData(nameof(DependentOptions))]
    public async Task Offers_the_options_that_the_default_offers(string shortName, string name)
    {
        var template = Template.Named(shortName);
        var option = template.Options.Single(option => option.Name == name);
        var value = option.Choices.Last(choice => choice != option.Default);

        var empty = await CreateAsync(template, new() { [option.Needs!.Value.Option] = "", [name] = value });

        AssertSame(await CreateAsync(template, new() { [name] = value }), empty);
    }

    [Theory]
    [MemberData(nameof(ShortNames))]
    public void Is_turned_into_the_default_in_one_place(string shortName)
    {
        var template = Template.Named(shortName);
        foreach (var option in template.Options.Where(option => option.Choices.Count > 0))
        {
            Assert.Null(template.Json["symbols"]![option.Name]!["replaces"]);
            var reader = Assert.Single(template.Symbols, symbol => ((string?)symbol.Value["valueSource"] ?? (string?)symbol.Value["parameters"]?["source"]) == option.Name);
            var first = reader.Value["parameters"]!["steps"]![0]!;
            Assert.Equal(("^$", option.Default), ((string)first["regex"]!, (string)first["replacement"]!));
        }
    }

    private static Task<GeneratedService> CreateAsync(Template template, Dictionary<string, string> options) =>
        GeneratedService.CreateAsync(template, GeneratedService.UsualName, new Options(options));

    private static void AssertSame(GeneratedService expected, GeneratedService actual)
    {
        Assert.Equal(expected.Files, actual.Files);
        // It records what was given.
        Faults.None(expected.Files.Where(file => file != ".sls-template.json" && expected.Read(file) != actual.Read(file)).Select(file => $"{file} is another"));
    }
}
