using System.Text.Json;
using MedicineMan.Sdk.Directories;
using Xunit;

namespace MedicineMan.Sdk.Testing.Directories;

/// <summary>What every directory must do. Derive, give it a directory with one known person in one known group, and it runs.</summary>
public abstract class DirectoryContract
{
    /// <summary>The directory under test.</summary>
    protected abstract IDirectory Directory { get; }

    /// <summary>Settings that lead to the directory.</summary>
    protected abstract Task<JsonElement> SettingsAsync();

    /// <summary>Settings that lead to where no directory answers.</summary>
    protected abstract Task<JsonElement> BrokenSettingsAsync();

    /// <summary>A person of the directory, with the password and the name of a group the person is in.</summary>
    protected abstract (string UserName, string Password, string Group) Known { get; }

    /// <summary>The right password tells who it is.</summary>
    [SkippableFact]
    public async Task The_right_password_tells_who_it_is()
    {
        var settings = await SettingsAsync();
        var person = await Directory.SignInAsync(settings, Known.UserName, Known.Password, default);
        Assert.NotNull(person);
        Assert.NotEmpty(person.Id);
        Assert.NotEmpty(person.Name);
        Assert.NotEmpty(person.GroupIds);
        Assert.Equal(person.Id, (await Directory.FindAsync(settings, Known.UserName, default))?.Id);
    }

    /// <summary>A wrong password and an unknown name give the same answer.</summary>
    [SkippableFact]
    public async Task A_wrong_password_and_an_unknown_name_are_told_apart_by_nobody()
    {
        var settings = await SettingsAsync();
        Assert.Null(await Directory.SignInAsync(settings, Known.UserName, Known.Password + "x", default));
        Assert.Null(await Directory.SignInAsync(settings, "nobody-of-that-name", Known.Password, default));
        Assert.Null(await Directory.FindAsync(settings, "nobody-of-that-name", default));
    }

    /// <summary>A name is a name, whatever it means in the directory's query language.</summary>
    [SkippableTheory]
    [InlineData("*")]
    [InlineData("*)(uid=*")]
    [InlineData("a)(|(objectClass=*)")]
    [InlineData("x' or '1'='1")]
    [InlineData("nul\0byte")]
    [InlineData("..\\..\\admin")]
    public async Task Nobody_gets_in_by_a_name_that_is_a_query(string userName)
    {
        var settings = await SettingsAsync();
        Assert.Null(await Directory.SignInAsync(settings, userName, Known.Password, default));
        Assert.Null(await Directory.FindAsync(settings, userName, default));
    }

    /// <summary>The person's group is found by a part of its name, and refers to the same group.</summary>
    [SkippableFact]
    public async Task Groups_are_found_by_a_part_of_their_name()
    {
        var settings = await SettingsAsync();
        var found = await Directory.FindGroupsAsync(settings, Known.Group[..^1], default);
        var group = Assert.Single(found, one => one.Name == Known.Group);
        Assert.Contains(group.Id, (await Directory.FindAsync(settings, Known.UserName, default))!.GroupIds);
        Assert.True((await Directory.FindGroupsAsync(settings, "", default)).Count <= 100);
        Assert.Empty(await Directory.FindGroupsAsync(settings, "no group is called so *)(", default));
    }

    /// <summary>A directory that cannot be asked is a sentence, never a wrong password.</summary>
    [SkippableFact]
    public async Task A_directory_that_does_not_answer_is_a_sentence()
    {
        var settings = await BrokenSettingsAsync();
        var failure = await Assert.ThrowsAnyAsync<UserFacingException>(() => Directory.SignInAsync(settings, Known.UserName, Known.Password, default).WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.DoesNotContain(Known.Password, failure.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<UserFacingException>(() => Directory.FindAsync(settings, Known.UserName, default).WaitAsync(TimeSpan.FromSeconds(60)));
    }

    /// <summary>Many people sign in at once.</summary>
    [SkippableFact]
    public async Task Many_sign_in_side_by_side()
    {
        var settings = await SettingsAsync();
        var people = await Task.WhenAll(Enumerable.Range(0, 16).Select(at => Directory.SignInAsync(settings, Known.UserName, at % 2 == 0 ? Known.Password : "wrong", default)));
        Assert.Equal(Enumerable.Range(0, 16).Select(at => at % 2 == 0), people.Select(person => person is not null));
    }

    /// <summary>Cancelling ends the attempt.</summary>
    [SkippableFact]
    public async Task A_cancelled_attempt_ends()
    {
        var settings = await SettingsAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Directory.SignInAsync(settings, Known.UserName, Known.Password, new CancellationToken(canceled: true)));
    }
}
