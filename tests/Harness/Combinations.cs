using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The combinations of options in which every two values meet, for every template that makes a service.</summary>
public static class Combinations
{
    /// <summary>Short name and options.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var template in Template.Services)
                foreach (var options in Options.Pairs(template))
                    rows.Add(template.ShortName, options.ToString());
            return rows;
        }
    }

    /// <summary>The combinations of one template.</summary>
    public static TheoryData<string> Of(string shortName) => [.. Options.Pairs(Template.Named(shortName)).Select(options => options.ToString())];
}
