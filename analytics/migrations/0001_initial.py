import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('campaign', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FoldedBatch',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='Analysis',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('look', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField()),
                ('plan_fingerprint', models.CharField(max_length=64)),
                ('outcome', models.CharField(max_length=16)),
                ('level', models.FloatField()),
                ('smallest_difference', models.FloatField()),
                ('from_day', models.DateField(null=True)),
                ('to_day', models.DateField(null=True)),
                ('monitoring', models.CharField(max_length=16)),
                ('information', models.FloatField(help_text='People counted so far as a share of those planned.')),
                ('embargoed', models.BooleanField(default=False, help_text='Before the first planned look: health only.')),
                ('exploratory', models.BooleanField(default=False, help_text='A look that the plan does not hold.')),
                ('exception', models.CharField(blank=True, help_text='Who looked early, and why.', max_length=300)),
                ('sample_ratio', models.CharField(choices=[('ok', 'The split is as planned'), ('caution', 'The split looks a little off'), ('alarm', 'The split is broken'), ('unknown', 'Too few to check the split')], max_length=8)),
                ('sample_ratio_p', models.FloatField(null=True)),
                ('reach_p', models.FloatField(help_text='Do served messages reach the screen equally in every arm?', null=True)),
                ('omnibus_statistic', models.FloatField(null=True)),
                ('omnibus_df', models.PositiveSmallIntegerField(null=True)),
                ('omnibus_p', models.FloatField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='analyses', to='campaign.campaign')),
            ],
            options={
                'ordering': ['campaign', '-look'],
            },
        ),
        migrations.CreateModel(
            name='Estimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('rate', 'Rate'), ('difference', 'Difference'), ('factorial', 'Factorial contrast')], max_length=10)),
                ('outcome', models.CharField(max_length=16)),
                ('role', models.CharField(max_length=9)),
                ('position', models.PositiveSmallIntegerField()),
                ('term', models.CharField(blank=True, help_text='Factorial contrasts: which one.', max_length=20)),
                ('served', models.PositiveBigIntegerField(help_text='Rates: messages of this arm that were sent out.', null=True)),
                ('n', models.PositiveBigIntegerField(help_text='Rates: people who saw it.', null=True)),
                ('events', models.PositiveBigIntegerField(help_text='Rates: people who did it.', null=True)),
                ('effect', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('p_value', models.FloatField(null=True)),
                ('p_adjusted', models.FloatField(null=True)),
                ('method', models.CharField(blank=True, max_length=40)),
                ('reason', models.CharField(blank=True, help_text='Why it cannot be estimated, or not yet judged.', max_length=200)),
                ('smallest_difference', models.FloatField(help_text='Differences: what would be too small to matter.', null=True)),
                ('verdict', models.CharField(blank=True, choices=[('better', 'Better'), ('worse', 'Worse'), ('no-meaningful-difference', 'No meaningful difference'), ('cannot-tell-yet', 'Cannot tell yet'), ('withheld', 'Withheld')], max_length=24)),
                ('more_per_arm', models.PositiveBigIntegerField(help_text='People still needed per arm to tell.', null=True)),
                ('analysis', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='estimates', to='analytics.analysis')),
                ('control', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaign.arm')),
                ('treated', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaign.arm')),
            ],
            options={
                'ordering': ['analysis', 'outcome', 'kind', 'position'],
            },
        ),
        migrations.CreateModel(
            name='FoldMark',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('through', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='foldmark_only_one')],
            },
        ),
        migrations.CreateModel(
            name='GuardEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(max_length=16)),
                ('at', models.DateTimeField()),
                ('effect', models.FloatField(help_text='Harm beside the control, as a share; positive is worse.')),
                ('bound', models.FloatField(help_text='The always-valid lower bound of that harm.')),
                ('margin', models.FloatField()),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaign.arm')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guard_events', to='campaign.campaign')),
            ],
            options={
                'ordering': ['campaign', 'at'],
            },
        ),
        migrations.CreateModel(
            name='OpenView',
            fields=[
                ('nonce', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('campaign', models.PositiveIntegerField()),
                ('arm', models.PositiveIntegerField()),
                ('placement', models.PositiveIntegerField()),
                ('locale', models.CharField(max_length=8)),
                ('hour', models.PositiveIntegerField()),
                ('closes', models.PositiveIntegerField()),
                ('bits', models.PositiveSmallIntegerField(help_text='Outcomes so far, one bit each; see campaign.outcomes.')),
                ('rating', models.PositiveSmallIntegerField(null=True)),
                ('dwell', models.PositiveSmallIntegerField(null=True)),
                ('batch', models.PositiveBigIntegerField(help_text='The fold that has claimed this view.', null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['closes'], name='openview_closes'), models.Index(fields=['batch'], name='openview_batch')],
                'constraints': [models.CheckConstraint(condition=models.Q(('closes__gt', models.F('hour'))), name='openview_closes_after_its_hour'), models.CheckConstraint(condition=models.Q(('closes__lte', django.db.models.expressions.CombinedExpression(models.F('hour'), '+', models.Value(25)))), name='openview_lives_a_day_at_most')],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('locale', models.CharField(max_length=8)),
                ('outcome', models.CharField(max_length=16)),
                ('value', models.PositiveSmallIntegerField(default=0)),
                ('count', models.PositiveBigIntegerField(default=0)),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tallies', to='campaign.arm')),
                ('placement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaign.placement')),
            ],
            options={
                'ordering': ['day', 'arm', 'placement', 'outcome', 'value'],
            },
        ),
        migrations.AddConstraint(
            model_name='analysis',
            constraint=models.UniqueConstraint(fields=('campaign', 'look'), name='analysis_look_once'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.UniqueConstraint(fields=('analysis', 'outcome', 'kind', 'position'), name='estimate_once'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('control__isnull', True), ('kind__in', ['rate', 'factorial'])), models.Q(('control__isnull', False), ('kind', 'difference')), _connector='OR'), name='estimate_difference_has_a_control'),
        ),
        migrations.AddConstraint(
            model_name='estimate',
            constraint=models.CheckConstraint(condition=models.Q(('effect__isnull', False), models.Q(('reason', ''), _negated=True), _connector='OR'), name='estimate_or_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='guardevent',
            constraint=models.UniqueConstraint(fields=('arm', 'outcome'), name='guard_event_once'),
        ),
        migrations.AddConstraint(
            model_name='tally',
            constraint=models.UniqueConstraint(fields=('day', 'arm', 'placement', 'locale', 'outcome', 'value'), name='tally_once'),
        ),
    ]
